{#-
    The ways in which the change of a driver metric is taken apart: a list of
        flows        who came and who left
        pools        entities as pools times rates
        activity     a measure as entities times frequency times depth
        stock        a stock as entities times what each is worth
        parts        a ratio as what is divided and by what
        rate_mix     a ratio by rate and mix of each segment
        segments     by the value of each segment

    Example: northstar.change_methods(metric)
    Output:  ['flows', 'pools', 'segments']

    changing_metrics(way)   the driver metrics that have it; all with any, without one
-#}
{% macro change_methods(metric) -%}
    {%- set methods = [] -%}
    {%- set kind = metric.window.kind -%}
    {%- set segmented = northstar.segmented_metrics() -%}
    {%- if metric.ratio -%}
        {%- do methods.append('parts') -%}
        {%- if metric.name in segmented | map(attribute='part_of') -%}
            {%- do methods.append('rate_mix') -%}
        {%- endif -%}
    {%- elif kind in ('lifetime', 'as_of') and metric.total == 'measure' -%}
        {%- do methods.append('stock') -%}
    {%- elif kind in ('calendar', 'rolling') -%}
        {%- if northstar.is_followed(metric) -%}
            {%- do methods.append('flows') -%}
            {%- do methods.append('pools' if metric.total == 'entities' else 'activity')
                if kind == 'calendar' -%}
        {%- endif -%}
        {%- if kind == 'calendar'
            and metric.name in segmented | map(attribute='name') -%}
            {%- do methods.append('segments') -%}
        {%- endif -%}
    {%- endif -%}
    {{ return(methods) }}
{%- endmacro %}

{% macro changing_metrics(way=none) -%}
    {%- set changing = [] -%}
    {%- for metric in northstar.metrics_with_drivers() -%}
        {%- set methods = northstar.change_methods(metric) -%}
        {%- if way in methods or way is none and methods -%}
            {%- do changing.append(metric) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(changing) }}
{%- endmacro %}
