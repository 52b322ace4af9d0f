{#-
    Elapsed time in UTC.

    add_seconds(instant, seconds)     an instant so many seconds later
    seconds_between(from, until)      whole seconds elapsed, rounded down

    `dbt.datediff` counts the boundaries crossed, not the time elapsed.
-#}
{% macro add_seconds(instant, seconds) -%}
    {{ return(adapter.dispatch('add_seconds', 'northstar')(instant, seconds)) }}
{%- endmacro %}

{% macro default__add_seconds(instant, seconds) -%}
    {{ return('(' ~ instant ~ " + (" ~ seconds ~ ") * interval '1 second')") }}
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
