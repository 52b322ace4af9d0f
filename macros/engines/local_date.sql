{#-
    The date on the wall at a UTC instant, in `northstar_timezone`.

    Example: {{ northstar.local_date('occurred_at') }}
    Output:  cast(
                 (occurred_at at time zone 'UTC') at time zone 'Europe/London' as date
             )

    The instant is a timestamp without zone: the first conversion says that it is UTC,
    the second moves it. Where the zone is UTC there is nothing to convert.
-#}
{% macro local_date(instant) -%}
    {{ return(adapter.dispatch('local_date', 'northstar')(instant)) }}
{%- endmacro %}

{% macro default__local_date(instant) -%}
    {%- set zone = var('northstar_timezone') -%}
    {%- if zone == 'UTC' -%}
        {{ return('cast(' ~ instant ~ ' as date)') }}
    {%- endif -%}
    {{ return(
        "cast((" ~ instant ~ " at time zone 'UTC') at time zone "
        ~ northstar.string_literal(zone) ~ " as date)"
    ) }}
{%- endmacro %}
