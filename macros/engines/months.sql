{#-
    Calendar arithmetic in months.

    month_start(date, grain)   the first date of the date's month or quarter
    add_months(date, months)   the date so many months later

    Every engine writes it in another way, and some answer with a timestamp.
-#}
{% macro month_start(date, grain) -%}
    {{ return(adapter.dispatch('month_start', 'northstar')(date, grain)) }}
{%- endmacro %}

{% macro default__month_start(date, grain) -%}
    {{ return("cast(date_trunc('" ~ grain ~ "', " ~ date ~ ") as date)") }}
{%- endmacro %}

{#- date_trunc answers with the midnight of the session's zone. -#}
{% macro spark__month_start(date, grain) -%}
    {{ return("trunc(" ~ date ~ ", '" ~ grain ~ "')") }}
{%- endmacro %}

{% macro bigquery__month_start(date, grain) -%}
    {{ return('date_trunc(' ~ date ~ ', ' ~ grain ~ ')') }}
{%- endmacro %}

{% macro add_months(date, months) -%}
    {{ return(adapter.dispatch('add_months', 'northstar')(date, months)) }}
{%- endmacro %}

{% macro default__add_months(date, months) -%}
    {{ return('cast(' ~ date ~ " + interval '" ~ months ~ " months' as date)") }}
{%- endmacro %}

{% macro spark__add_months(date, months) -%}
    {{ return('add_months(' ~ date ~ ', ' ~ months ~ ')') }}
{%- endmacro %}

{% macro snowflake__add_months(date, months) -%}
    {{ return('cast(add_months(' ~ date ~ ', ' ~ months ~ ') as date)') }}
{%- endmacro %}

{% macro bigquery__add_months(date, months) -%}
    {{ return('date_add(' ~ date ~ ', interval ' ~ months ~ ' month)') }}
{%- endmacro %}

{% macro redshift__add_months(date, months) -%}
    {{ return(northstar.snowflake__add_months(date, months)) }}
{%- endmacro %}
