{#-
    A string of the configuration as a SQL literal, whatever it holds.

    Example: {{ northstar.string_literal("O'Brien") }}
    Output:  'O''Brien', on Spark and BigQuery 'O\'Brien'

    DuckDB and PostgreSQL take a backslash as it is; elsewhere it is an escape and has
    to be doubled. Spark joined 'O''Brien' to OBrien before version 4, and BigQuery
    knows neither a doubled quote nor a new line in a literal.
-#}
{% macro string_literal(value) -%}
    {{ return(adapter.dispatch('string_literal', 'northstar')(value)) }}
{%- endmacro %}

{% macro default__string_literal(value) -%}
    {{ return("'" ~ (value | string).replace("'", "''") ~ "'") }}
{%- endmacro %}

{% macro snowflake__string_literal(value) -%}
    {{ return(
        "'" ~ (value | string).replace('\\', '\\\\').replace("'", "''") ~ "'"
    ) }}
{%- endmacro %}

{% macro redshift__string_literal(value) -%}
    {{ return(northstar.snowflake__string_literal(value)) }}
{%- endmacro %}

{% macro spark__string_literal(value) -%}
    {{ return("'" ~ (value | string).replace('\\', '\\\\').replace("'", "\\'") ~ "'") }}
{%- endmacro %}

{% macro bigquery__string_literal(value) -%}
    {{ return(
        northstar.spark__string_literal(value).replace('\n', '\\n').replace('\r', '\\r')
    ) }}
{%- endmacro %}
