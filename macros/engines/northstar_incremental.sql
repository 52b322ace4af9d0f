{#-
    A table of which a run replaces only what changed: the rows whose keys stand in
    another relation are deleted, and the model's rows are inserted.

    Example:
        {{ config(
            materialized='northstar_incremental',
            meta={
                'northstar_storage': 'facts',
                'northstar_changes': {
                    'relation': 'int_northstar__changed_loads',
                    'keys': ['source_name', 'load_date'],
                },
            },
        ) }}
        select ... from ... {% if not northstar.rebuilds('facts') %} where ... {% endif %}

    They stand in meta, where dbt has keys that it does not know, and without their prefix:

    storage   what makes the stored rows worthless: see northstar.rebuilds(). The whole
              table is then built anew.
    changes   the keys, the relation that lists those to replace, and a column that
              says which of its rows to take, if not all. Without a relation, the keys
              that the new rows have. Where no two rows are alike ('rows': 'distinct'),
              those that come again as they were may stay.
    also_replaces   a predicate over the table's own rows that go in any case

    dbt's own incremental strategies delete the keys that the new rows have; an entity
    that has lost its last row has no new rows. Deleting and inserting twice gives the
    same table, so a run that died between the two is mended by the next.

    How a table is replaced and how rows are is in replace_rows.sql, by engine.
-#}
{% materialization northstar_incremental, default -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target = this.incorporate(type='table') -%}
    {%- set meta = config.get('meta') -%}
    {%- set changes = meta['northstar_changes'] -%}
    {%- set storage = meta['northstar_storage'] -%}
    {%- set rebuilds = northstar.rebuilds(storage)
        or existing is none or not existing.is_table -%}

    {%- if existing is not none and rebuilds and not flags.FULL_REFRESH -%}
        {%- do log('northstar: ' ~ this.identifier ~ ' is built anew, since '
            ~ northstar.rebuild_reason(storage), info=true) -%}
    {%- endif -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- if rebuilds -%}
        {%- do northstar.replace_table(existing, target, sql) -%}
        {%- do create_indexes(target) -%}
    {%- else -%}
        {%- do northstar.replace_rows(
            existing, target, sql, changes, meta.get('northstar_also_replaces')
        ) -%}
    {%- endif -%}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do apply_grants(target, config.get('grants'), should_revoke(existing, rebuilds)) -%}
    {%- do persist_docs(target, model) -%}
    {%- do northstar.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({'relations': [target]}) }}
{%- endmaterialization %}
