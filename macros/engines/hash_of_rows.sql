{#-
    Aggregate: a text that is another one when the rows of a group are others, in
    whatever order they come.

    Example: {{ northstar.hash_of_rows(['reason', 'valid_from']) }}
-#}
{% macro hash_of_rows(columns) -%}
    {%- set texts = [] -%}
    {%- for column in columns -%}
        {%- do texts.append(
            'coalesce(cast(' ~ column ~ ' as ' ~ northstar.text_type() ~ "), '\\N')"
        ) -%}
    {%- endfor -%}
    {{ return(
        'cast(count(*) as ' ~ northstar.text_type() ~ ") || '/' || cast(sum("
        ~ northstar.key_hash(texts) ~ ') as ' ~ northstar.text_type() ~ ')'
    ) }}
{%- endmacro %}
