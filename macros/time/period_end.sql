{#-
    The date after the last one of the calendar period that starts on a date.

    Example: {{ northstar.period_end('period_start', 'month') }}
-#}
{% macro period_end(period_start, grain) -%}
    {%- if grain == 'day' -%}
        {{ return(northstar.add_days(period_start, 1)) }}
    {%- elif grain == 'week' -%}
        {{ return(northstar.add_days(period_start, 7)) }}
    {%- endif -%}
    {%- set months = {'month': 1, 'quarter': 3}[grain] -%}
    {{ return(northstar.add_months(period_start, months)) }}
{%- endmacro %}
