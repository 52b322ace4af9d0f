{#-
    The hash of a row: md5 over its columns in their order, as text joined by U+001F;
    null as \N, numbers as decimal(38, 9), instants as UTC ISO with microseconds,
    booleans as true or false.

    Example: {{ northstar.row_hash([{'name': 'user_id', 'type': 'text'}]) }}

    `columns` are columns that staging has typed: text, number, instant, boolean.
-#}
{% macro row_hash(columns) -%}
    {%- set parts = [] -%}
    {%- for column in columns -%}
        {%- do parts.append(
            "coalesce(" ~ northstar.hashable_text(column.name, column.type) ~ ", '\\N')"
        ) -%}
    {%- endfor -%}
    {{ return("md5(" ~ parts | join(" || chr(31) || ") ~ ")") }}
{%- endmacro %}

{% macro hashable_text(name, type) -%}
    {{ return(adapter.dispatch('hashable_text', 'northstar')(name, type)) }}
{%- endmacro %}

{% macro duckdb__hashable_text(name, type) -%}
    {%- if type == 'instant' -%}
        {{ return("strftime(" ~ name ~ ", '%Y-%m-%dT%H:%M:%S.%fZ')") }}
    {%- elif type == 'number' -%}
        {{ return('cast(cast(' ~ name ~ ' as decimal(38, 9)) as varchar)') }}
    {%- endif -%}
    {{ return('cast(' ~ name ~ ' as varchar)') }}
{%- endmacro %}

{% macro postgres__hashable_text(name, type) -%}
    {%- if type == 'instant' -%}
        {{ return("to_char(" ~ name ~ ", 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')") }}
    {%- elif type == 'number' -%}
        {{ return('cast(cast(' ~ name ~ ' as decimal(38, 9)) as text)') }}
    {%- endif -%}
    {{ return('cast(' ~ name ~ ' as text)') }}
{%- endmacro %}
