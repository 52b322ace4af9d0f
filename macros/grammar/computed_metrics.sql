{#-
    What the models compute, one entry for each: the configured metrics, and in place
    of a ratio its numerator and its denominator, `<ratio>__numerator` and
    `<ratio>__denominator`; and the versions before that are still published,
    `<metric>__v<version>`.

    A ratio's parts are computed apart from the metrics that they are made of: a row
    that is null in either part leaves both (`paired_with`). Its periods are those of
    the metrics as configured (`configured_name`).

    Example: {% for metric in northstar.computed_metrics() %}
-#}
{% macro computed_metrics() -%}
    {%- set known = northstar.recall('computed_metrics') -%}
    {%- if known is not none -%}{{ return(known) }}{%- endif -%}
    {%- set computed = [] -%}
    {%- for metric in northstar.metrics() -%}
        {%- if metric.ratio -%}
            {%- do computed.append(
                northstar.ratio_part(metric, 'numerator', 0)
            ) -%}
            {%- do computed.append(
                northstar.ratio_part(metric, 'denominator', 1)
            ) -%}
        {%- else -%}
            {%- do computed.append(metric) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do computed.extend(northstar.previous_versions()) -%}
    {{ return(northstar.remember('computed_metrics', computed)) }}
{%- endmacro %}

{% macro ratio_part(ratio, side, position) -%}
    {%- set computed = {
        'name': ratio.name ~ '__' ~ side,
        'version': ratio.version,
        'level': ratio.level,
        'is_north_star': false,
        'part_of': ratio.name,
        'side': side,
        'configured_name': ratio.ratio[position],
        'paired_with': ratio.parts[ratio.ratio[1 - position]],
    } -%}
    {%- do computed.update(ratio.parts[ratio.ratio[position]]) -%}
    {{ return(computed) }}
{%- endmacro %}

{#- The computed metrics that count events, and those that hold a state. -#}
{% macro event_metrics() -%}
    {{ return(northstar.computed_metrics() | rejectattr('state') | list) }}
{%- endmacro %}

{% macro state_metrics() -%}
    {{ return(northstar.computed_metrics() | selectattr('state') | list) }}
{%- endmacro %}
