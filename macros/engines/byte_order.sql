{#-
    A text expression that sorts by code point, so that "the smallest id" and every
    tie are the same row on every engine.

    Example: order by {{ northstar.byte_order('event_id') }}
    Output:  event_id on DuckDB, event_id collate "C" on PostgreSQL

    PostgreSQL sorts by the database's locale unless told otherwise. Redshift, which
    takes PostgreSQL's macros where it has none, sorts by bytes.
-#}
{% macro byte_order(text) -%}
    {{ return(adapter.dispatch('byte_order', 'northstar')(text)) }}
{%- endmacro %}

{% macro default__byte_order(text) -%}
    {{ return(text) }}
{%- endmacro %}

{% macro postgres__byte_order(text) -%}
    {{ return(text ~ ' collate "C"') }}
{%- endmacro %}

{% macro redshift__byte_order(text) -%}
    {{ return(text) }}
{%- endmacro %}
