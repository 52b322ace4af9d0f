{#-
    An optional word of the configuration as a typed SQL literal.

    text_literal(value)  text, null where nothing is written
    date_literal(value)  a date, null where nothing is written
    joined(value)        a string as it is, a list as 'a, b', nothing as nothing
-#}
{% macro text_literal(value) -%}
    {%- if value is undefined or value is none -%}
        {{ return('cast(null as ' ~ northstar.text_type() ~ ')') }}
    {%- endif -%}
    {{ return(
        'cast(' ~ northstar.string_literal(value) ~ ' as ' ~ northstar.text_type() ~ ')'
    ) }}
{%- endmacro %}

{% macro date_literal(value) -%}
    {%- if not value -%}{{ return('cast(null as date)') }}{%- endif -%}
    {{ return('cast(' ~ northstar.string_literal(value) ~ ' as date)') }}
{%- endmacro %}

{% macro joined(value) -%}
    {%- if value is undefined or value is none or value is string -%}
        {{ return(value) }}
    {%- endif -%}
    {{ return(value | join(', ')) }}
{%- endmacro %}
