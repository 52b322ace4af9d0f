{#-
    Elapsed time in UTC.

    add_seconds(instant, seconds)     an instant so many seconds later
    seconds_between(from, until)      whole seconds elapsed, rounded down

    `dbt.datediff` counts the boundaries crossed, not the time elapsed; where an engine
    cannot subtract instants, the microseconds are counted, of which none is cut.
-#}
{% macro add_seconds(instant, seconds) -%}
    {{ return(adapter.dispatch('add_seconds', 'northstar')(instant, seconds)) }}
{%- endmacro %}

{% macro default__add_seconds(instant, seconds) -%}
    {{ return('(' ~ instant ~ " + (" ~ seconds ~ ") * interval '1 second')") }}
{%- endmacro %}

{% macro spark__add_seconds(instant, seconds) -%}
    {{ return('timestampadd(second, ' ~ seconds ~ ', ' ~ instant ~ ')') }}
{%- endmacro %}

{% macro snowflake__add_seconds(instant, seconds) -%}
    {{ return("dateadd('second', " ~ seconds ~ ', ' ~ instant ~ ')') }}
{%- endmacro %}

{% macro bigquery__add_seconds(instant, seconds) -%}
    {{ return(
        'timestamp_add(' ~ instant ~ ', interval cast(' ~ seconds ~ ' as int64) second)'
    ) }}
{%- endmacro %}

{% macro redshift__add_seconds(instant, seconds) -%}
    {{ return('dateadd(second, ' ~ seconds ~ ', ' ~ instant ~ ')') }}
{%- endmacro %}

{% macro seconds_between(from_instant, until_instant) -%}
    {{ return(
        adapter.dispatch('seconds_between', 'northstar')(from_instant, until_instant)
    ) }}
{%- endmacro %}

{% macro default__seconds_between(from_instant, until_instant) -%}
    {{ return(
        'cast(floor(extract(epoch from (' ~ until_instant ~ ' - ' ~ from_instant
        ~ '))) as bigint)'
    ) }}
{%- endmacro %}

{% macro spark__seconds_between(from_instant, until_instant) -%}
    {{ return(
        'cast(floor(timestampdiff(microsecond, ' ~ from_instant ~ ', ' ~ until_instant
        ~ ') / 1000000) as bigint)'
    ) }}
{%- endmacro %}

{% macro snowflake__seconds_between(from_instant, until_instant) -%}
    {{ return(
        "cast(floor(datediff('microsecond', " ~ from_instant ~ ', ' ~ until_instant
        ~ ') / 1000000) as bigint)'
    ) }}
{%- endmacro %}

{% macro bigquery__seconds_between(from_instant, until_instant) -%}
    {{ return(
        'cast(floor(timestamp_diff(' ~ until_instant ~ ', ' ~ from_instant
        ~ ', microsecond) / 1000000) as int64)'
    ) }}
{%- endmacro %}

{% macro redshift__seconds_between(from_instant, until_instant) -%}
    {{ return(
        'cast(floor(datediff(microsecond, ' ~ from_instant ~ ', ' ~ until_instant
        ~ ') / 1000000.0) as bigint)'
    ) }}
{%- endmacro %}
