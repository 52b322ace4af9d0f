{#-
    The hash of a row: md5 over its columns in their order, as text joined by U+001F;
    null as \N, numbers as decimal(38, 9), instants as UTC ISO with microseconds,
    booleans as true or false.

    Example: {{ northstar.row_hash([{'name': 'user_id', 'type': 'text'}]) }}

    `columns` are columns that staging has typed: text, number, instant, boolean.
-#}
{#-
    The hash of rows of several sources: each over the columns that it maps itself.

    Example: {{ northstar.row_hash_by_source(sources) }}
    Output:  case source_name when 'app' then md5(...) when 'web' then md5(...) end

    sources: entries of northstar_events
-#}
{% macro row_hash_by_source(sources) -%}
    {%- set all_sources = northstar.input_entries('northstar_events') -%}
    {%- set mappings = northstar.event_mappings() -%}
    {%- set hashes = {} -%}
    {%- for source in all_sources if source in sources -%}
        {%- set mapping = mappings[all_sources.index(source)] -%}
        {%- do hashes.update({source.name: northstar.row_hash(
            mapping | selectattr('is_mapped')
            | rejectattr('name', 'equalto', 'loaded_at') | list
        )}) -%}
    {%- endfor -%}
    {%- if all_sources | length == 1 -%}
        {{ return(hashes.values() | first) }}
    {%- endif -%}
    {%- set branches = [] -%}
    {%- for name, hash in hashes.items() -%}
        {%- do branches.append(
            'when ' ~ northstar.string_literal(name) ~ ' then ' ~ hash
        ) -%}
    {%- endfor -%}
    {{ return('case source_name ' ~ branches | join(' ') ~ ' end') }}
{%- endmacro %}

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
