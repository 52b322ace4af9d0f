{#-
    Date arithmetic in whole days, which `dbt.dateadd` and `dbt.datediff` give as
    timestamps on some engines.

    add_days(date, days)      date plus a number of days, a date
    days_between(from, until) whole days from one date to another, an integer
-#}
{% macro add_days(date, days) -%}
    {{ return(adapter.dispatch('add_days', 'northstar')(date, days)) }}
{%- endmacro %}

{% macro default__add_days(date, days) -%}
    {{ return('(' ~ date ~ ' + cast(' ~ days ~ ' as integer))') }}
{%- endmacro %}

{% macro days_between(from_date, until_date) -%}
    {{ return(adapter.dispatch('days_between', 'northstar')(from_date, until_date)) }}
{%- endmacro %}

{% macro default__days_between(from_date, until_date) -%}
    {{ return('(' ~ until_date ~ ' - ' ~ from_date ~ ')') }}
{%- endmacro %}
