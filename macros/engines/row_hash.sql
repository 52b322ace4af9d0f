{#-
    The hash of a row: md5 over its columns in their order, as text joined by U+001F;
    null as \N, numbers as decimal(38, 9), instants as UTC ISO with microseconds,
    booleans as true or false.

    Example: {{ northstar.row_hash([{'name': 'user_id', 'type': 'text'}]) }}

    `columns` are columns that staging has typed: text, number, instant, boolean.

    The hash breaks ties between copies, so it is the same on every engine, and each
    prints numbers and instants in another way.
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
            'coalesce(' ~ northstar.hashable_text(column.name, column.type) ~ ', '
            ~ northstar.string_literal('\\N') ~ ')'
        ) -%}
    {%- endfor -%}
    {{ return(adapter.dispatch('md5_of', 'northstar')(parts | join(' || chr(31) || '))) }}
{%- endmacro %}

{% macro default__md5_of(text) -%}
    {{ return('md5(' ~ text ~ ')') }}
{%- endmacro %}

{#- Its md5 is bytes. -#}
{% macro bigquery__md5_of(text) -%}
    {{ return('to_hex(md5(' ~ text ~ '))') }}
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

{#-
    date_format would go through the session's zone, where some hours are missing. A
    number that is cast to text is 1E-9 unless the session is in ANSI mode.
-#}
{% macro spark__hashable_text(name, type) -%}
    {%- set text = 'cast(' ~ name ~ ' as string)' -%}
    {%- if type == 'instant' -%}
        {{ return(
            'concat(substring(' ~ text ~ ", 1, 10), 'T', substring(" ~ text
            ~ ", 12, 8), '.', rpad(substring(" ~ text ~ ", 21), 6, '0'), 'Z')"
        ) }}
    {%- elif type == 'number' -%}
        {{ return(
            'format_number(cast(' ~ name ~ " as decimal(38, 9)), '0.000000000')"
        ) }}
    {%- endif -%}
    {{ return(text) }}
{%- endmacro %}

{% macro snowflake__hashable_text(name, type) -%}
    {%- if type == 'instant' -%}
        {{ return("to_char(" ~ name ~ ", 'YYYY-MM-DD\"T\"HH24:MI:SS.FF6') || 'Z'") }}
    {%- elif type == 'number' -%}
        {{ return('cast(cast(' ~ name ~ ' as decimal(38, 9)) as varchar)') }}
    {%- endif -%}
    {{ return('cast(' ~ name ~ ' as varchar)') }}
{%- endmacro %}

{#- A number's text leaves out the zeros at its end. -#}
{% macro bigquery__hashable_text(name, type) -%}
    {%- if type == 'instant' -%}
        {{ return("format_timestamp('%Y-%m-%dT%H:%M:%E6SZ', " ~ name ~ ", 'UTC')") }}
    {%- elif type == 'number' -%}
        {{ return("format('%.9f', cast(" ~ name ~ ' as decimal(38, 9)))') }}
    {%- endif -%}
    {{ return('cast(' ~ name ~ ' as string)') }}
{%- endmacro %}

{#- A boolean cannot be cast to text. -#}
{% macro redshift__hashable_text(name, type) -%}
    {%- if type == 'boolean' -%}
        {{ return(
            'case when ' ~ name ~ " then 'true' when not " ~ name ~ " then 'false' end"
        ) }}
    {%- elif type == 'instant' -%}
        {{ return(northstar.postgres__hashable_text(name, type)) }}
    {%- elif type == 'number' -%}
        {{ return('cast(cast(' ~ name ~ ' as decimal(38, 9)) as varchar)') }}
    {%- endif -%}
    {{ return('cast(' ~ name ~ ' as ' ~ northstar.text_type() ~ ')') }}
{%- endmacro %}
