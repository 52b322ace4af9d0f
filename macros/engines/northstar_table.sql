{#-
    A table that is built whole in every run, and may read what it replaces.

    dbt's own table is dropped first on some engines (Spark), and renamed twice on
    others. How it is replaced is in replace_rows.sql, by engine; on DuckDB the new table
    takes the old one's place when the statement ends, as northstar_view.
-#}
{% materialization northstar_table, default -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target = this.incorporate(type='table') -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- do northstar.replace_table(existing, target, sql) -%}
    {%- do create_indexes(target) -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do apply_grants(target, config.get('grants'), should_revoke(existing, true)) -%}
    {%- do persist_docs(target, model) -%}
    {%- do northstar.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target]}) }}
{%- endmaterialization %}

{% materialization northstar_table, adapter='duckdb' -%}
    {{ return(northstar.replace_relation('table', sql)) }}
{%- endmaterialization %}
