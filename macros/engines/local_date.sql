{#-
    The date on the wall at a UTC instant, in `northstar_timezone`.

    Example: {{ northstar.local_date('occurred_at') }}
    Output:  cast(
                 (occurred_at at time zone 'UTC') at time zone 'Europe/London' as date
             )

    The instant is a timestamp without zone: the first conversion says that it is UTC,
    the second moves it. Where the zone is UTC there is nothing to convert. Spark,
    Snowflake and Redshift have a function for both at once; BigQuery's instants are in
    UTC, so it asks for the date in the zone.
-#}
{% macro local_date(instant) -%}
    {%- set zone = var('northstar_timezone') -%}
    {%- if zone == 'UTC' -%}
        {{ return(adapter.dispatch('utc_date', 'northstar')(instant)) }}
    {%- endif -%}
    {{ return(adapter.dispatch('date_in_zone', 'northstar')(
        instant, northstar.string_literal(zone)
    )) }}
{%- endmacro %}

{% macro default__utc_date(instant) -%}
    {{ return('cast(' ~ instant ~ ' as date)') }}
{%- endmacro %}

{#- The cast goes by the zone of the project or the session. -#}
{% macro bigquery__utc_date(instant) -%}
    {{ return('date(' ~ instant ~ ", 'UTC')") }}
{%- endmacro %}

{% macro default__date_in_zone(instant, zone) -%}
    {{ return(
        "cast((" ~ instant ~ " at time zone 'UTC') at time zone " ~ zone ~ " as date)"
    ) }}
{%- endmacro %}

{% macro spark__date_in_zone(instant, zone) -%}
    {{ return("cast(convert_timezone('UTC', " ~ zone ~ ', ' ~ instant ~ ') as date)') }}
{%- endmacro %}

{% macro snowflake__date_in_zone(instant, zone) -%}
    {{ return(northstar.spark__date_in_zone(instant, zone)) }}
{%- endmacro %}

{% macro redshift__date_in_zone(instant, zone) -%}
    {{ return(northstar.spark__date_in_zone(instant, zone)) }}
{%- endmacro %}

{% macro bigquery__date_in_zone(instant, zone) -%}
    {{ return('date(' ~ instant ~ ', ' ~ zone ~ ')') }}
{%- endmacro %}
