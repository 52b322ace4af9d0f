{#-
    A view whose definition is replaced in one statement, where the engine can.

    dbt builds a view beside the old one, renames both and drops the old one: four
    statements, and a template to be read for each. A model's share of that is small,
    and there are many. DuckDB swaps a definition in place, whatever its columns were.
    Elsewhere this is dbt's own view, in the adapter's version where it has one.
-#}
{% materialization northstar_view, default -%}
    {{ return(materialization_view_default()) }}
{%- endmaterialization %}

{% materialization northstar_view, adapter='spark' -%}
    {{ return(materialization_view_spark()) }}
{%- endmaterialization %}

{% materialization northstar_view, adapter='databricks' -%}
    {{ return(materialization_view_databricks()) }}
{%- endmaterialization %}

{% materialization northstar_view, adapter='snowflake' -%}
    {{ return(materialization_view_snowflake()) }}
{%- endmaterialization %}

{% materialization northstar_view, adapter='bigquery' -%}
    {{ return(materialization_view_bigquery()) }}
{%- endmaterialization %}

{% materialization northstar_view, adapter='duckdb' -%}
    {{ return(northstar.replace_relation('view', sql)) }}
{%- endmaterialization %}


{#- create or replace, with what dbt does around it -#}
{% macro replace_relation(type, sql) -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target = this.incorporate(type=type) -%}
    {%- if existing is not none and existing.type != type -%}
        {%- do adapter.drop_relation(existing) -%}
    {%- endif -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- if config.get('contract').enforced -%}
        {%- do get_assert_columns_equivalent(sql) -%}
    {%- endif -%}
    {%- call statement('main') -%}
        create or replace {{ type }} {{ target }} as (
            {{ sql }}
        )
    {%- endcall -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do apply_grants(target, config.get('grants'), should_revoke(existing, true)) -%}
    {%- do persist_docs(target, model) -%}
    {%- do adapter.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target]}) }}
{%- endmacro %}
