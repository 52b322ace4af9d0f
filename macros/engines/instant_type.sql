{#-
    The type of an instant: a UTC timestamp without zone.

    instant_type()          the type's name
    instant_literal(text)   a fixed instant: cast('9999-12-31' as timestamp)

    On Spark `timestamp` is shown and cast in the session's zone, and on Snowflake a
    parameter of the session says what it is; both have a type that has no zone. On
    BigQuery `timestamp` is UTC whatever the session says.
-#}
{% macro instant_type() -%}
    {{ return(adapter.dispatch('instant_type', 'northstar')()) }}
{%- endmacro %}

{% macro default__instant_type() -%}
    {{ return('timestamp') }}
{%- endmacro %}

{% macro spark__instant_type() -%}
    {{ return('timestamp_ntz') }}
{%- endmacro %}

{% macro snowflake__instant_type() -%}
    {{ return('timestamp_ntz') }}
{%- endmacro %}

{% macro instant_literal(text) -%}
    {{ return("cast('" ~ text ~ "' as " ~ northstar.instant_type() ~ ')') }}
{%- endmacro %}
