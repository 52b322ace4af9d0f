{#-
    The names of metrics, as a list of literals to look a name up in.

    Example: where metric_name in ({{ northstar.names_of(metrics) }})
    Output:  'weekly_teams', 'weekly_orders'; null, which is in no list, without any
-#}
{% macro names_of(metrics) -%}
    {%- set literals = [] -%}
    {%- for metric in metrics -%}
        {%- do literals.append(northstar.string_literal(metric.name)) -%}
    {%- endfor -%}
    {{ return(literals | join(', ') or 'null') }}
{%- endmacro %}
