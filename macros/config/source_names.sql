{#-
    The names of some sources as a SQL list.

    Example: where source_name in {{ northstar.source_names(sources) }}
    Output:  ('app', 'server')
-#}
{% macro source_names(sources) -%}
    {%- set names = [] -%}
    {%- for source in sources -%}
        {%- do names.append(northstar.string_literal(source.name)) -%}
    {%- endfor -%}
    {{ return('(' ~ names | join(', ') ~ ')') }}
{%- endmacro %}
