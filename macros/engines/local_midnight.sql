{#-
    The UTC instant at which a local date begins, in `northstar_timezone`: the first
    instant that carries this date.

    Example: {{ northstar.local_midnight('period_end') }}

    Where clocks go back at midnight the date has two midnights, and engines answer
    with the second; an hour earlier still carries the date, so the first one is taken.
    Where clocks go forward at midnight there is none, and engines answer with the
    instant of the change, which is right.
-#}
{% macro local_midnight(date) -%}
    {{ return(adapter.dispatch('local_midnight', 'northstar')(date)) }}
{%- endmacro %}

{% macro default__local_midnight(date) -%}
    {%- set zone = var('northstar_timezone') -%}
    {%- if zone == 'UTC' -%}
        {{ return('cast(' ~ date ~ ' as timestamp)') }}
    {%- endif -%}
    {%- set midnight = "(cast(" ~ date ~ " as timestamp) at time zone "
        ~ northstar.string_literal(zone) ~ ") at time zone 'UTC'" -%}
    {%- set hour_before = midnight ~ " - interval '1 hour'" -%}
    {{ return(
        "case when " ~ northstar.local_date('(' ~ hour_before ~ ')') ~ " = " ~ date
        ~ " then " ~ hour_before ~ " else " ~ midnight ~ " end"
    ) }}
{%- endmacro %}
