{#-
    What the models compute, one entry for each: the configured metrics, and in place
    of a ratio its numerator and its denominator, `<ratio>__numerator` and
    `<ratio>__denominator`.

    A ratio's parts are computed apart from the metrics that they are made of: a row
    that is null in either part leaves both (`paired_with`).

    Example: {% for metric in northstar.computed_metrics() %}
-#}
{% macro computed_metrics() -%}
    {%- set computed = [] -%}
    {%- for metric in northstar.metrics() -%}
        {%- if metric.ratio -%}
            {%- set numerator = metric.parts[metric.ratio[0]] -%}
            {%- set denominator = metric.parts[metric.ratio[1]] -%}
            {%- do computed.append(
                northstar.ratio_part(metric, 'numerator', numerator, denominator)
            ) -%}
            {%- do computed.append(
                northstar.ratio_part(metric, 'denominator', denominator, numerator)
            ) -%}
        {%- else -%}
            {%- do computed.append(metric) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(computed) }}
{%- endmacro %}

{% macro ratio_part(ratio, side, part, other) -%}
    {%- set computed = {
        'name': ratio.name ~ '__' ~ side,
        'version': ratio.version,
        'level': ratio.level,
        'is_north_star': false,
        'part_of': ratio.name,
        'paired_with': other,
    } -%}
    {%- do computed.update(part) -%}
    {{ return(computed) }}
{%- endmacro %}

{#- The computed metrics that count events, and those that hold a state. -#}
{% macro event_metrics() -%}
    {{ return(northstar.computed_metrics() | rejectattr('state') | list) }}
{%- endmacro %}

{% macro state_metrics() -%}
    {{ return(northstar.computed_metrics() | selectattr('state') | list) }}
{%- endmacro %}
