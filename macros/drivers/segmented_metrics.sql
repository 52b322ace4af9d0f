{#-
    What is taken apart by segment.

    segmented_metrics()     the computed metrics that have segments: those that count
                            events in calendar, rolling or anchored windows, and of the
                            driver metrics' ratios the parts, if both do
    segments_of(metric)     the mapped segments, and growth_status where the metric's
                            entities are new, retained or resurrected: {name, column}

    Example: {{ config(enabled=northstar.segmented_metrics() | length > 0) }}
-#}
{% macro segmented_metrics() -%}
    {%- set known = northstar.recall('segmented_metrics') -%}
    {%- if known is not none -%}{{ return(known) }}{%- endif -%}
    {%- if not northstar.uses_drivers() -%}{{ return([]) }}{%- endif -%}
    {%- set windows = ['calendar', 'rolling', 'since_anchor'] -%}
    {%- set ratios = [] -%}
    {%- for ratio in northstar.metrics_with_drivers() if ratio.ratio -%}
        {%- set kinds = ratio.parts.values() | map(attribute='window.kind') | list -%}
        {%- if kinds | reject('in', windows) | list | length == 0 -%}
            {%- do ratios.append(ratio.name) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set segmented = [] -%}
    {%- for metric in northstar.event_metrics()
        if not metric.published_name and (metric.part_of in ratios
            or not metric.part_of and metric.window.kind in windows)
        and northstar.segments_of(metric) -%}
        {%- do segmented.append(metric) -%}
    {%- endfor -%}
    {{ return(northstar.remember('segmented_metrics', segmented)) }}
{%- endmacro %}

{% macro segments_of(metric) -%}
    {%- set has_growth = not metric.part_of
        and metric.window.kind in ('calendar', 'rolling')
        and northstar.is_followed(metric) -%}
    {{ return(
        northstar.mapped_segments() + ([northstar.growth_segment()] if has_growth else [])
    ) }}
{%- endmacro %}

{% macro growth_segment() -%}
    {{ return({'name': 'growth_status', 'column': 'growth_status'}) }}
{%- endmacro %}
