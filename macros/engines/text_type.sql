{#- dbt's name for the text type; asking dbt takes milliseconds, so it is asked once. -#}
{% macro text_type() -%}
    {%- set known = northstar.recall('text_type') -%}
    {%- if known is not none -%}{{ return(known) }}{%- endif -%}
    {{ return(northstar.remember('text_type', dbt.type_string())) }}
{%- endmacro %}
