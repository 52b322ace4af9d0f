{#-
    A table of which a run replaces only what changed: the rows whose keys stand in
    another relation are deleted, and the model's rows are inserted.

    Example:
        {{ config(
            materialized='northstar_incremental',
            storage='facts',
            changes={'relation': 'int_northstar__changed_loads',
                     'keys': ['source_name', 'load_date']},
        ) }}
        select ... from ... {% if not northstar.rebuilds('facts') %} where ... {% endif %}

    storage   what makes the stored rows worthless: see northstar.rebuilds(). The whole
              table is then built anew.
    changes   the keys, the relation that lists those to replace, and a column that
              says which of its rows to take, if not all. Without a relation, the keys
              that the new rows have.
    also_replaces   a predicate over the table's own rows that go in any case

    dbt's own incremental strategies delete the keys that the new rows have; an entity
    that has lost its last row has no new rows. Deleting and inserting twice gives the
    same table, so a run that died between the two is mended by the next.
-#}
{% materialization northstar_incremental, default -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target = this.incorporate(type='table') -%}
    {%- set rebuilds = northstar.rebuilds(config.get('storage')) -%}

    {%- if existing is not none and (rebuilds or not existing.is_table) -%}
        {%- if not flags.FULL_REFRESH -%}
            {%- do log('northstar: ' ~ this.identifier ~ ' is built anew, since '
                ~ northstar.rebuild_reason(config.get('storage')), info=true) -%}
        {%- endif -%}
    {%- endif -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- if rebuilds or existing is none or not existing.is_table -%}
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
        {%- do create_indexes(target) -%}
    {%- else -%}
        {#- a temporary table, which has no schema -#}
        {%- set replacement = adapter.quote(this.identifier ~ '__replacement') -%}
        {%- set names = [] -%}
        {%- for column in adapter.get_columns_in_relation(existing) -%}
            {%- do names.append(adapter.quote(column.name)) -%}
        {%- endfor -%}
        {%- call statement('replacement') -%}
            create temporary table {{ replacement }} as (
                {{ sql }}
            )
        {%- endcall -%}
        {%- call statement('deletion') -%}
            {{ northstar.delete_changed(
                target,
                ref(config.get('changes')['relation'])
                    if config.get('changes')['relation']
                    else replacement,
                config.get('changes'),
                config.get('also_replaces')
            ) }}
        {%- endcall -%}
        {%- call statement('main') -%}
            insert into {{ target }} ({{ names | join(', ') }})
            select {{ names | join(', ') }} from {{ replacement }}
        {%- endcall -%}
        {%- call statement('clean_up') -%}
            drop table {{ replacement }}
        {%- endcall -%}
    {%- endif -%}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do apply_grants(target, config.get('grants'), should_revoke(existing, rebuilds)) -%}
    {%- do persist_docs(target, model) -%}
    {%- do adapter.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({'relations': [target]}) }}
{%- endmaterialization %}


{% macro delete_changed(target, changed, changes, also_replaces) -%}
    delete from {{ target }}
    where exists (
        select 1
        from {{ changed }} as changed
        where
        {%- for key in changes['keys'] %}
            {{ 'and ' if not loop.first }}changed.{{ key }} = {{ target }}.{{ key }}
        {%- endfor %}
        {%- if changes['where'] %}
            and changed.{{ changes['where'] }}
        {%- endif %}
    )
    {%- if also_replaces %} or {{ also_replaces }}{%- endif %}
{%- endmacro %}
