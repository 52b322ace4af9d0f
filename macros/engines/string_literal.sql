{#-
    A string of the configuration as a SQL literal, whatever it holds.

    Example: {{ northstar.string_literal("O'Brien") }}
    Output:  'O''Brien'

    Engines that read a backslash as an escape need it doubled; DuckDB and PostgreSQL
    take it as it is.
-#}
{% macro string_literal(value) -%}
    {{ return(adapter.dispatch('string_literal', 'northstar')(value)) }}
{%- endmacro %}

{% macro default__string_literal(value) -%}
    {{ return("'" ~ (value | string).replace("'", "''") ~ "'") }}
{%- endmacro %}
