{#-
    How stored rows are replaced.

    replace_table(existing, target, sql)   the table is what the query gives, which may
                                           read the table; existing is none the first time
    replace_rows(existing, target, sql, changes, also_replaces)
                                           of the table, the rows whose keys changed; see
                                           the materialization northstar_incremental
    amend_rows(relation, deleted, updated, assignments)
                                           deletes the rows where `deleted` is true, then
                                           sets columns where `updated` is; none is never
    appends()                              dbt's incremental strategy that only adds rows
    commit()                               what was written stays

    DuckDB, PostgreSQL, Redshift and Snowflake delete and insert, with the new rows in a
    temporary table; DuckDB leaves alone what comes again as it was. BigQuery has none, and wants conditions and an alias. Spark's plain
    files know neither deletes nor updates: the table is written anew beside the old one,
    as the rows that stay and the new ones, and takes its place. Tables of Delta (which
    Databricks has always) and Iceberg merge.
-#}
{% macro replace_table(existing, target, sql) -%}
    {{ return(adapter.dispatch('replace_table', 'northstar')(existing, target, sql)) }}
{%- endmacro %}

{% macro default__replace_table(existing, target, sql) -%}
    {%- set built = make_intermediate_relation(target) if existing is not none
        else target -%}
    {%- if existing is not none -%}
        {%- do drop_relation_if_exists(load_cached_relation(built)) -%}
    {%- endif -%}
    {%- call statement('main') -%}
        {{ create_table_as(false, built, sql) }}
    {%- endcall -%}
    {%- if existing is not none -%}
        {%- do adapter.drop_relation(existing) -%}
        {%- do adapter.rename_relation(built, target) -%}
    {%- endif -%}
{%- endmacro %}

{#- `create or replace` reads the old table while it writes the new one. -#}
{% macro snowflake__replace_table(existing, target, sql) -%}
    {%- if existing is not none and not existing.is_table -%}
        {%- do adapter.drop_relation(existing) -%}
    {%- endif -%}
    {%- call statement('main') -%}
        {{ create_table_as(false, target, sql) }}
    {%- endcall -%}
{%- endmacro %}

{% macro bigquery__replace_table(existing, target, sql) -%}
    {%- do northstar.snowflake__replace_table(existing, target, sql) -%}
{%- endmacro %}

{% macro databricks__replace_table(existing, target, sql) -%}
    {%- do northstar.snowflake__replace_table(existing, target, sql) -%}
{%- endmacro %}

{% macro spark__replace_table(existing, target, sql) -%}
    {%- if existing is none -%}
        {%- call statement('main') -%}
            {{ create_table_as(false, target, sql) }}
        {%- endcall -%}
    {%- elif config.get('file_format') in ('delta', 'iceberg')
        and northstar._merges(existing) -%}
        {%- do northstar.snowflake__replace_table(existing, target, sql) -%}
    {%- else -%}
        {%- do northstar._write_beside(existing, target, sql, 'main') -%}
    {%- endif -%}
{%- endmacro %}

{#- A table at a fixed location cannot be renamed into it, so it is written once more. -#}
{% macro _write_beside(existing, target, sql, name) -%}
    {%- set beside = target.incorporate(
        path={'identifier': target.identifier ~ '__replacement'}
    ) -%}
    {%- do adapter.drop_relation(beside) -%}
    {%- call statement(name) -%}
        create table {{ beside }} {{ file_format_clause() if model is defined }} as
        {{ sql }}
    {%- endcall -%}
    {%- do adapter.drop_relation(existing) -%}
    {%- if model is defined and config.get('location_root') is not none -%}
        {%- call statement(name) -%}
            {{ create_table_as(false, target, 'select * from ' ~ beside) }}
        {%- endcall -%}
        {%- do adapter.drop_relation(beside) -%}
    {%- else -%}
        {%- do adapter.rename_relation(beside, target) -%}
    {%- endif -%}
{%- endmacro %}

{#- Whether rows of a table can be deleted and updated in place. -#}
{% macro _merges(relation) -%}
    {{ return(adapter.dispatch('merges', 'northstar')(relation)) }}
{%- endmacro %}

{% macro default__merges(relation) -%}
    {{ return(true) }}
{%- endmacro %}

{% macro spark__merges(relation) -%}
    {{ return(relation.is_delta or relation.is_iceberg) }}
{%- endmacro %}

{#- What the adapter lists does not always say the format. -#}
{% macro databricks__merges(relation) -%}
    {{ return(true) }}
{%- endmacro %}


{% macro replace_rows(existing, target, sql, changes, also_replaces) -%}
    {{ return(adapter.dispatch('replace_rows', 'northstar')(
        existing, target, sql, changes, also_replaces
    )) }}
{%- endmacro %}

{#- The replacement is a temporary table, which has no schema. -#}
{% macro default__replace_rows(existing, target, sql, changes, also_replaces) -%}
    {%- set replacement = adapter.quote(target.identifier ~ '__replacement') -%}
    {%- call statement('replacement') -%}
        create temporary table {{ replacement }} as (
            {{ sql }}
        )
    {%- endcall -%}
    {%- call statement('deletion') -%}
        delete from {{ target }}
        where
            {{ northstar._is_changed(target, replacement, changes) }}
            {{ 'or ' ~ also_replaces if also_replaces }}
    {%- endcall -%}
    {%- do northstar._insert_replacement(existing, target, replacement) -%}
    {%- call statement('clean_up') -%}
        drop table {{ replacement }}
    {%- endcall -%}
{%- endmacro %}

{#-
    Of an entity's history little changes, and DuckDB would write all of it anew with the
    next checkpoint. Only DuckDB joins fast where null is equal to null.
-#}
{% macro duckdb__replace_rows(existing, target, sql, changes, also_replaces) -%}
    {%- if changes['rows'] != 'distinct' -%}
        {{ return(northstar.default__replace_rows(
            existing, target, sql, changes, also_replaces
        )) }}
    {%- endif -%}
    {%- set replacement = adapter.quote(target.identifier ~ '__replacement') -%}
    {%- set replaced = adapter.quote(target.identifier ~ '__replaced') -%}
    {%- set names = northstar._column_names(existing) -%}
    {%- set same = [] -%}
    {%- for name in names -%}
        {%- do same.append('stored.' ~ name ~ ' is not distinct from new.' ~ name) -%}
    {%- endfor -%}
    {%- set same = same | join(' and ') -%}
    {%- call statement('replacement') -%}
        create temporary table {{ replacement }} as (
            {{ sql }}
        )
    {%- endcall -%}
    {%- call statement('replaced') -%}
        create temporary table {{ replaced }} as (
            select
                rowid as row_number,
                *
            from {{ target }}
            where
                {{ northstar._is_changed(target, replacement, changes) }}
                {{ 'or ' ~ also_replaces if also_replaces }}
        )
    {%- endcall -%}
    {%- call statement('deletion') -%}
        delete from {{ target }}
        where rowid in (
            select stored.row_number
            from {{ replaced }} as stored
            where not exists (select 1 from {{ replacement }} as new where {{ same }})
        )
    {%- endcall -%}
    {%- call statement('main') -%}
        insert into {{ target }} ({{ names | join(', ') }})
        select {{ names | join(', ') }}
        from {{ replacement }} as new
        where not exists (select 1 from {{ replaced }} as stored where {{ same }})
    {%- endcall -%}
    {%- call statement('clean_up') -%}
        drop table {{ replacement }};
        drop table {{ replaced }}
    {%- endcall -%}
{%- endmacro %}

{% macro bigquery__replace_rows(existing, target, sql, changes, also_replaces) -%}
    {%- set replacement = make_temp_relation(target) -%}
    {%- call statement('replacement') -%}
        {{ create_table_as(true, replacement, sql) }}
    {%- endcall -%}
    {%- call statement('deletion') -%}
        delete from {{ target }} as stored
        where
            {{ northstar._is_changed('stored', replacement, changes) }}
            {{ 'or ' ~ also_replaces if also_replaces }}
    {%- endcall -%}
    {%- do northstar._insert_replacement(existing, target, replacement) -%}
    {%- do adapter.drop_relation(replacement) -%}
{%- endmacro %}

{% macro spark__replace_rows(existing, target, sql, changes, also_replaces) -%}
    {%- set replacement = target.incorporate(
        path={'identifier': target.identifier ~ '__new_rows'}
    ) -%}
    {%- do adapter.drop_relation(replacement) -%}
    {%- call statement('replacement') -%}
        create table {{ replacement }} {{ file_format_clause() }} as
        {{ sql }}
    {%- endcall -%}
    {%- if northstar._merges(existing) -%}
        {%- call statement('deletion') -%}
            merge into {{ target }} as stored
            using (
                select distinct {{ changes['keys'] | join(', ') }}
                from {{ northstar._changed(replacement, changes) }} as changed
                {{ 'where changed.' ~ changes['where'] if changes['where'] }}
            ) as changed
            on
            {%- for key in changes['keys'] %}
                {{ 'and ' if not loop.first }}stored.{{ key }} = changed.{{ key }}
            {%- endfor %}
            when matched then delete
        {%- endcall -%}
        {%- if also_replaces -%}
            {%- call statement('further_deletion') -%}
                delete from {{ target }} where {{ also_replaces }}
            {%- endcall -%}
        {%- endif -%}
        {%- do northstar._insert_replacement(existing, target, replacement) -%}
    {%- else -%}
        {%- set names = northstar._column_names(existing) | join(', ') -%}
        {%- set sql -%}
            select {{ names }} from {{ existing }} as stored
            where not (
                {{ northstar._is_changed('stored', replacement, changes) }}
                {{ 'or ' ~ also_replaces if also_replaces }}
            )
            union all
            select {{ names }} from {{ replacement }}
        {%- endset -%}
        {%- do northstar._write_beside(existing, target, sql, 'main') -%}
    {%- endif -%}
    {%- do adapter.drop_relation(replacement) -%}
{%- endmacro %}

{% macro _insert_replacement(existing, target, replacement) -%}
    {%- set names = northstar._column_names(existing) | join(', ') -%}
    {%- call statement('main') -%}
        insert into {{ target }} ({{ names }})
        select {{ names }} from {{ replacement }}
    {%- endcall -%}
{%- endmacro %}

{% macro _column_names(relation) -%}
    {%- set names = [] -%}
    {%- for column in adapter.get_columns_in_relation(relation) -%}
        {%- do names.append(adapter.quote(column.name)) -%}
    {%- endfor -%}
    {{ return(names) }}
{%- endmacro %}

{% macro _changed(replacement, changes) -%}
    {{ return(ref(changes['relation']) if changes['relation'] else replacement) }}
{%- endmacro %}

{#- Whether a row of `stored` has keys that changed. -#}
{% macro _is_changed(stored, replacement, changes) -%}
    exists (
        select 1
        from {{ northstar._changed(replacement, changes) }} as changed
        where
        {%- for key in changes['keys'] %}
            {{ 'and ' if not loop.first }}changed.{{ key }} = {{ stored }}.{{ key }}
        {%- endfor %}
        {%- if changes['where'] %}
            and changed.{{ changes['where'] }}
        {%- endif %}
    )
{%- endmacro %}


{% macro amend_rows(relation, deleted=none, updated=none, assignments={}) -%}
    {{ return(adapter.dispatch('amend_rows', 'northstar')(
        relation, deleted, updated, assignments
    )) }}
{%- endmacro %}

{% macro default__amend_rows(relation, deleted, updated, assignments) -%}
    {%- if deleted is not none -%}
        {%- call statement('deletion') -%}
            delete from {{ relation }} where {{ deleted }}
        {%- endcall -%}
    {%- endif -%}
    {%- if updated is not none -%}
        {%- set values = [] -%}
        {%- for column, value in assignments.items() -%}
            {%- do values.append(column ~ ' = ' ~ value) -%}
        {%- endfor -%}
        {%- call statement('update') -%}
            update {{ relation }} set {{ values | join(', ') }} where {{ updated }}
        {%- endcall -%}
    {%- endif -%}
{%- endmacro %}

{% macro spark__amend_rows(relation, deleted, updated, assignments) -%}
    {%- if northstar._merges(relation) -%}
        {{ return(northstar.default__amend_rows(
            relation, deleted, updated, assignments
        )) }}
    {%- endif -%}
    {%- set columns = [] -%}
    {%- for column in adapter.get_columns_in_relation(relation) -%}
        {%- do columns.append(
            'case when ' ~ updated ~ ' then ' ~ assignments[column.name] ~ ' else '
            ~ column.name ~ ' end as ' ~ column.name
            if updated is not none and column.name in assignments else column.name
        ) -%}
    {%- endfor -%}
    {%- set sql -%}
        select {{ columns | join(', ') }} from {{ relation }}
        {{ 'where not coalesce(' ~ deleted ~ ', false)' if deleted is not none }}
    {%- endset -%}
    {%- do northstar._write_beside(relation, relation, sql, 'amendment') -%}
{%- endmacro %}


{% macro appends() -%}
    {{ return(adapter.dispatch('appends', 'northstar')()) }}
{%- endmacro %}

{% macro default__appends() -%}
    {{ return('append') }}
{%- endmacro %}

{#- Without a key to match by it inserts every row; there is no strategy `append`. -#}
{% macro bigquery__appends() -%}
    {{ return('merge') }}
{%- endmacro %}


{% macro commit() -%}
    {{ return(adapter.dispatch('commit', 'northstar')()) }}
{%- endmacro %}

{% macro default__commit() -%}
    {%- do adapter.commit() -%}
{%- endmacro %}

{#- Every statement stays at once. -#}
{% macro spark__commit() -%}
{%- endmacro %}

{% macro bigquery__commit() -%}
{%- endmacro %}

{% macro snowflake__commit() -%}
{%- endmacro %}
