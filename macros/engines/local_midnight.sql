{#-
    The UTC instant at which a local date begins, in `northstar_timezone`: the first
    instant that carries this date.

    Example: {{ northstar.local_midnight('period_end') }}

    Where clocks go back at midnight the date has two midnights, and most engines answer
    with the second; an hour earlier still carries the date, so the first one is taken.
    Where clocks go forward at midnight there is none, and engines answer with the
    instant of the change, which is right.
-#}
{% macro local_midnight(date) -%}
    {%- set zone = var('northstar_timezone') -%}
    {%- if zone == 'UTC' -%}
        {{ return('cast(' ~ date ~ ' as ' ~ northstar.instant_type() ~ ')') }}
    {%- endif -%}
    {%- set midnight = adapter.dispatch('midnight_in_zone', 'northstar')(
        date, northstar.string_literal(zone)
    ) -%}
    {%- set hour_before = northstar.add_seconds(midnight, -3600) -%}
    {{ return(
        "case when " ~ northstar.local_date(hour_before) ~ " = " ~ date
        ~ " then " ~ hour_before ~ " else " ~ midnight ~ " end"
    ) }}
{%- endmacro %}

{% macro default__midnight_in_zone(date, zone) -%}
    {{ return(
        "((cast(" ~ date ~ " as timestamp) at time zone " ~ zone
        ~ ") at time zone 'UTC')"
    ) }}
{%- endmacro %}

{% macro spark__midnight_in_zone(date, zone) -%}
    {{ return(
        'convert_timezone(' ~ zone ~ ", 'UTC', cast(" ~ date ~ ' as '
        ~ northstar.instant_type() ~ '))'
    ) }}
{%- endmacro %}

{% macro snowflake__midnight_in_zone(date, zone) -%}
    {{ return(northstar.spark__midnight_in_zone(date, zone)) }}
{%- endmacro %}

{% macro redshift__midnight_in_zone(date, zone) -%}
    {{ return(northstar.spark__midnight_in_zone(date, zone)) }}
{%- endmacro %}

{% macro bigquery__midnight_in_zone(date, zone) -%}
    {{ return('timestamp(' ~ date ~ ', ' ~ zone ~ ')') }}
{%- endmacro %}
