{#-
    Aggregate: a text that is another one when the rows of a group are others, in
    whatever order they come.

    Example: {{ northstar.hash_of_rows(['reason', 'valid_from']) }}

    The hashes are added up as decimals: some engines add up integers of 64 bits to
    another of 64 bits, which overflows.
-#}
{% macro hash_of_rows(columns) -%}
    {%- set texts = [] -%}
    {%- for column in columns -%}
        {%- do texts.append(
            'coalesce(cast(' ~ column ~ ' as ' ~ northstar.text_type() ~ '), '
            ~ northstar.string_literal('\\N') ~ ')'
        ) -%}
    {%- endfor -%}
    {{ return(
        'cast(count(*) as ' ~ northstar.text_type() ~ ") || '/' || cast(sum(cast("
        ~ northstar.key_hash(texts) ~ ' as decimal(20, 0))) as '
        ~ northstar.text_type() ~ ')'
    ) }}
{%- endmacro %}
