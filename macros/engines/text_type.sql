{#-
    The text type, without a bound on its length; asking dbt takes milliseconds, so it
    is asked once.

    What dbt calls a string is 256 bytes on Redshift.
-#}
{% macro text_type() -%}
    {%- set known = northstar.recall('text_type') -%}
    {%- if known is not none -%}{{ return(known) }}{%- endif -%}
    {{ return(northstar.remember(
        'text_type', adapter.dispatch('text_type', 'northstar')()
    )) }}
{%- endmacro %}

{% macro default__text_type() -%}
    {{ return(dbt.type_string()) }}
{%- endmacro %}

{% macro redshift__text_type() -%}
    {{ return('varchar(65535)') }}
{%- endmacro %}
