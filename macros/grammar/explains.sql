{#-
    A predicate over the int_northstar__explained_ views: the rows of one metric, or of
    the parts of a ratio, in the period that a date falls in.

    Example: select * from {{ ref('northstar', 'int_northstar__explained_events') }}
             where {{ northstar.explains('weekly_teams', '2026-06-03') }}

    date: any date of the period, as text
-#}
{% macro explains(metric_name, date) -%}
    {%- set name = northstar.string_literal(metric_name) -%}
    {%- set parts = [
        name,
        northstar.string_literal(metric_name ~ '__numerator'),
        northstar.string_literal(metric_name ~ '__denominator'),
    ] -%}
    {{ return(
        'metric_name in (' ~ parts | join(', ') ~ ') and period_start = ('
        ~ 'select max(periods.period_start) from '
        ~ ref('northstar', 'northstar__metric_periods') ~ ' as periods'
        ~ ' where periods.metric_name = ' ~ name
        ~ ' and periods.period_start <= cast(' ~ northstar.string_literal(date)
        ~ ' as date))'
    ) }}
{%- endmacro %}
