{#-
    The type family of each expression over a relation: text, integer, decimal, float,
    boolean, date, timestamp, timestamptz or other. A list as long as `expressions`; all none
    while dbt only parses, or where the relation does not exist yet.

    Example: northstar.expression_types(ref('raw_events'), ['created_at', 'amount * 2'])
    Output:  ['timestamptz', 'decimal']

    PostgreSQL's driver knows only some types by name, so the server is asked. What a
    type that says `timestamp` holds is another thing on every engine: on Spark and
    BigQuery an instant that knows its zone.
-#}
{% macro expression_types(relation, expressions) -%}
    {%- set unknown = [] -%}
    {%- for expression in expressions -%}{%- do unknown.append(none) -%}{%- endfor -%}
    {%- if not execute or not expressions or not northstar.relation_exists(relation) -%}
        {{ return(unknown) }}
    {%- endif -%}
    {%- set columns = [] -%}
    {%- for expression in expressions -%}
        {%- do columns.append(expression ~ ' as column_' ~ loop.index) -%}
    {%- endfor -%}
    {%- set query = 'select ' ~ columns | join(', ') ~ ' from ' ~ relation
        ~ ' where 1 = 0' -%}
    {{ return(adapter.dispatch('types_of_query', 'northstar')(query, columns | length)) }}
{%- endmacro %}

{% macro default__types_of_query(query, column_count) -%}
    {%- set families = [] -%}
    {%- for column in adapter.get_column_schema_from_query(query) -%}
        {%- do families.append(northstar.type_family(column.data_type)) -%}
    {%- endfor -%}
    {{ return(families) }}
{%- endmacro %}

{% macro postgres__types_of_query(query, column_count) -%}
    {%- set families = [] -%}
    {%- set names = [] -%}
    {%- for index in range(1, column_count + 1) -%}
        {%- do names.append('pg_typeof(typed.column_' ~ index ~ ')::text') -%}
    {%- endfor -%}
    {%- set answer = run_query(
        'select ' ~ names | join(', ') ~ ' from (select 1) as one left join (' ~ query
        ~ ') as typed on true'
    ) -%}
    {%- for name in answer.rows[0].values() -%}
        {%- do families.append(northstar.type_family(name)) -%}
    {%- endfor -%}
    {{ return(families) }}
{%- endmacro %}

{#- It takes PostgreSQL's macros where it has none; its driver knows its types. -#}
{% macro redshift__types_of_query(query, column_count) -%}
    {{ return(northstar.default__types_of_query(query, column_count)) }}
{%- endmacro %}

{% macro spark__types_of_query(query, column_count) -%}
    {%- set families = [] -%}
    {%- for row in run_query('describe query ' ~ query).rows -%}
        {%- do families.append(northstar.type_family(row[1])) -%}
    {%- endfor -%}
    {{ return(families) }}
{%- endmacro %}

{% macro type_family(data_type) -%}
    {%- set name = data_type | lower -%}
    {%- set known = adapter.dispatch('own_type_family', 'northstar')(name) -%}
    {%- if known is not none -%}{{ return(known) }}{%- endif -%}
    {%- if 'timestamp with time zone' in name or 'timestamptz' in name -%}
        {{ return('timestamptz') }}
    {%- elif name.startswith('timestamp') or name.startswith('datetime') -%}
        {{ return('timestamp') }}
    {%- elif name == 'date' -%}
        {{ return('date') }}
    {%- elif name.startswith('bool') -%}
        {{ return('boolean') }}
    {%- elif name.startswith('double') or name.startswith('float') or name == 'real' -%}
        {{ return('float') }}
    {%- elif 'decimal' in name or 'numeric' in name -%}
        {{ return('decimal') }}
    {%- elif 'int' in name -%}
        {{ return('integer') }}
    {%- elif 'char' in name or 'text' in name or 'string' in name -%}
        {{ return('text') }}
    {%- else -%}
        {{ return('other') }}
    {%- endif -%}
{%- endmacro %}

{#- The family of a type whose name means another thing here than elsewhere. -#}
{% macro default__own_type_family(name) -%}
    {{ return(none) }}
{%- endmacro %}

{% macro spark__own_type_family(name) -%}
    {{ return({
        'timestamp': 'timestamptz',
        'tinyint': 'integer',
        'smallint': 'integer',
        'bigint': 'integer',
    }.get(name)) }}
{%- endmacro %}

{#- A datetime has no zone, a timestamp has. -#}
{% macro bigquery__own_type_family(name) -%}
    {{ return({'timestamp': 'timestamptz'}.get(name)) }}
{%- endmacro %}

{#- The driver's names. FIXED are all numbers that are no floats. -#}
{% macro snowflake__own_type_family(name) -%}
    {{ return({
        'fixed': 'decimal',
        'real': 'float',
        'timestamp_ltz': 'timestamptz',
        'timestamp_tz': 'timestamptz',
    }.get(name)) }}
{%- endmacro %}

{#- A relation that can be asked: it exists, or the engine reads it as a file. -#}
{% macro relation_exists(relation) -%}
    {{ return(adapter.dispatch('relation_exists', 'northstar')(relation)) }}
{%- endmacro %}

{% macro default__relation_exists(relation) -%}
    {{ return(load_relation(relation) is not none) }}
{%- endmacro %}

{% macro duckdb__relation_exists(relation) -%}
    {{ return(relation.external is not none or load_relation(relation) is not none) }}
{%- endmacro %}
