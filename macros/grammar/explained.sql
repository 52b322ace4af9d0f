{#-
    Which rows of the models that explain a number belong to a metric and a period.

    Example:
        select * from {{ ref('int_northstar__explained_events') }}
        where {{ northstar.explained('weekly_teams', '2026-01-07') }}
    Output:
        (metric_name = 'weekly_teams' and period_start = <the Monday of 2026-01-07>)

    Arguments:
        metric_name: a configured metric; of a ratio the rows of both parts are meant
        date: any date of the period, as text; of a rolling window its first

    The models: int_northstar__explained_events, _entities and, for stocks, _states. A
    lifetime's value is made of all rows up to the period; in _entities the latest row
    of each entity counts.
-#}
{% macro explained(metric_name, date) -%}
    {%- set predicates = [] -%}
    {%- for metric in northstar.computed_metrics()
        if metric_name in (metric.name, metric.part_of) -%}
        {%- do predicates.append(northstar._explained(metric, date)) -%}
    {%- endfor -%}
    {%- if not predicates -%}
        {%- set names = northstar.metrics() | map(attribute='name') | list -%}
        {%- set near = northstar.nearest(metric_name, names) -%}
        {{ exceptions.raise_compiler_error(
            'no metric is named ' ~ metric_name
            ~ ('; did you mean ' ~ near ~ '?' if near
                else '; there are ' ~ names | join(', '))
        ) }}
    {%- endif -%}
    {{ return('(' ~ predicates | join(' or ') ~ ')') }}
{%- endmacro %}

{% macro _explained(metric, date) -%}
    {%- set date = northstar.date_literal(date) -%}
    {%- set start = date if metric.window.kind == 'rolling'
        else northstar.period_start(date, metric.window.grain) -%}
    {%- set comparison = '<=' if metric.window.kind == 'lifetime' else '=' -%}
    {{ return(
        "metric_name = '" ~ metric.name ~ "' and period_start " ~ comparison ~ ' '
        ~ start
    ) }}
{%- endmacro %}
