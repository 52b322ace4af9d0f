{#-
    The first date of the calendar period that a local date falls in.

    Example: {{ northstar.period_start('local_date', 'week') }}

    grain: day, week, month or quarter. Weeks begin on `northstar_week_start` (1 is
    Monday) and are counted in whole days from Monday 1969-12-29, never by a
    warehouse's own week.
-#}
{% macro period_start(date, grain) -%}
    {%- if grain == 'day' -%}
        {{ return(date) }}
    {%- elif grain == 'week' -%}
        {%- set days = northstar.days_between(northstar.first_week_start(), date) -%}
        {%- set past = northstar.modulo(northstar.modulo(days, 7) ~ ' + 7', 7) -%}
        {{ return(northstar.add_days(date, '-(' ~ past ~ ')')) }}
    {%- endif -%}
    {{ return(northstar.month_start(date, grain)) }}
{%- endmacro %}

{#- The start of week zero: Monday 1969-12-29, moved to `northstar_week_start`. -#}
{% macro first_week_start() -%}
    {%- set monday = modules.datetime.date(1969, 12, 29) -%}
    {%- set start = monday
        + modules.datetime.timedelta(days=var('northstar_week_start') - 1) -%}
    {{ return("cast('" ~ start.isoformat() ~ "' as date)") }}
{%- endmacro %}
