{#-
    A pre-hook for models that join large intermediate results to themselves.

    PostgreSQL has no statistics of what a query has worked out so far, takes it for a
    handful of rows, and compares each with each: hours in place of seconds. For the one
    transaction it is told not to. Other engines join by hash on their own.
-#}
{% macro join_by_hash() -%}
    {{ return(adapter.dispatch('join_by_hash', 'northstar')()) }}
{%- endmacro %}

{% macro default__join_by_hash() -%}
    {{ return('') }}
{%- endmacro %}

{% macro postgres__join_by_hash() -%}
    {{ return('set local enable_nestloop = off') }}
{%- endmacro %}

{#- It takes PostgreSQL's macros where it has none, and has no such setting. -#}
{% macro redshift__join_by_hash() -%}
    {{ return('') }}
{%- endmacro %}
