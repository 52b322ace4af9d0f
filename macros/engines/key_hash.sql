{#-
    A 64-bit hash of text columns that are not null, to find equal keys cheaply: equal
    keys have equal hashes, and who compares hashes compares the text afterwards.

    Example: {{ northstar.key_hash(['source_name', 'event_id']) }}

    Stored, so its value may not change between runs; engines need not agree on it, and
    each has a fast one of its own.
-#}
{% macro key_hash(columns) -%}
    {{ return(adapter.dispatch('key_hash', 'northstar')(columns)) }}
{%- endmacro %}

{% macro duckdb__key_hash(columns) -%}
    {{ return('hash(' ~ columns | join(', ') ~ ')') }}
{%- endmacro %}

{% macro postgres__key_hash(columns) -%}
    {{ return('hashtextextended(' ~ columns | join(' || chr(31) || ') ~ ', 0)') }}
{%- endmacro %}

{% macro spark__key_hash(columns) -%}
    {{ return('xxhash64(' ~ columns | join(', ') ~ ')') }}
{%- endmacro %}

{#- Its own hash() may be another one in another release. -#}
{% macro snowflake__key_hash(columns) -%}
    {{ return('md5_number_lower64(' ~ columns | join(' || chr(31) || ') ~ ')') }}
{%- endmacro %}

{% macro bigquery__key_hash(columns) -%}
    {{ return('farm_fingerprint(' ~ columns | join(' || chr(31) || ') ~ ')') }}
{%- endmacro %}

{% macro redshift__key_hash(columns) -%}
    {{ return('farmfingerprint64(' ~ columns | join(' || chr(31) || ') ~ ')') }}
{%- endmacro %}
