{#-
    Date arithmetic in whole days, which `dbt.dateadd` and `dbt.datediff` give as
    timestamps on some engines.

    add_days(date, days)      date plus a number of days, a date
    days_between(from, until) whole days from one date to another, an integer

    DuckDB, PostgreSQL and Redshift add numbers to dates; the others have functions.
-#}
{% macro add_days(date, days) -%}
    {{ return(adapter.dispatch('add_days', 'northstar')(date, days)) }}
{%- endmacro %}

{% macro default__add_days(date, days) -%}
    {{ return('(' ~ date ~ ' + cast(' ~ days ~ ' as integer))') }}
{%- endmacro %}

{% macro spark__add_days(date, days) -%}
    {{ return('date_add(' ~ date ~ ', cast(' ~ days ~ ' as int))') }}
{%- endmacro %}

{% macro snowflake__add_days(date, days) -%}
    {{ return("cast(dateadd('day', " ~ days ~ ', ' ~ date ~ ') as date)') }}
{%- endmacro %}

{% macro bigquery__add_days(date, days) -%}
    {{ return('date_add(' ~ date ~ ', interval cast(' ~ days ~ ' as int64) day)') }}
{%- endmacro %}

{% macro days_between(from_date, until_date) -%}
    {{ return(adapter.dispatch('days_between', 'northstar')(from_date, until_date)) }}
{%- endmacro %}

{% macro default__days_between(from_date, until_date) -%}
    {{ return('(' ~ until_date ~ ' - ' ~ from_date ~ ')') }}
{%- endmacro %}

{% macro spark__days_between(from_date, until_date) -%}
    {{ return('datediff(' ~ until_date ~ ', ' ~ from_date ~ ')') }}
{%- endmacro %}

{% macro snowflake__days_between(from_date, until_date) -%}
    {{ return("datediff('day', " ~ from_date ~ ', ' ~ until_date ~ ')') }}
{%- endmacro %}

{% macro bigquery__days_between(from_date, until_date) -%}
    {{ return('date_diff(' ~ until_date ~ ', ' ~ from_date ~ ', day)') }}
{%- endmacro %}
