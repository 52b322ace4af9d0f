{#-
    Note that everything read in this run is in every table, or return ''. Made for
    on-run-end: a run that dies never comes here, and one in which a stored table was
    left out or failed changes nothing, so the next run does all of its work again.

    Example: on-run-end: "{{ northstar.complete_run(results) }}"
-#}
{% macro complete_run(results) -%}
    {%- if execute and flags.WHICH in ('run', 'build') -%}
        {%- set built = [] -%}
        {%- for result in results if result.status == 'success' -%}
            {%- do built.append(result.node.unique_id) -%}
        {%- endfor -%}
        {%- set missing = [] -%}
        {%- for node in graph.nodes.values()
            if node.package_name == 'northstar' and node.resource_type == 'model'
            and node.config.materialized in ('table', 'northstar_table', 'northstar_incremental')
            and node.unique_id not in built -%}
            {%- do missing.append(node.name) -%}
        {%- endfor -%}
        {%- if not missing -%}
            {%- do northstar._mark_as_seen() -%}
        {%- endif -%}
    {%- endif -%}
    {{ return('') }}
{%- endmacro %}


{#- Last the loads: until they say so, nothing has been seen. -#}
{% macro _mark_as_seen() -%}
    {%- set identities = northstar.stored('int_northstar__identities') -%}
    {%- if identities is not none -%}
        {%- do northstar.amend_rows(
            identities,
            deleted='canonical_id is null',
            updated="coalesce(seen_canonical_id, '') <> canonical_id"
                ~ ' or coalesce(seen_is_known, false) <> is_known',
            assignments={
                'seen_canonical_id': 'canonical_id',
                'seen_is_known': 'is_known',
            },
        ) -%}
    {%- endif -%}
    {%- set input_ids = northstar.stored('int_northstar__input_ids') -%}
    {%- if input_ids is not none -%}
        {%- do northstar.amend_rows(
            input_ids,
            deleted='row_hash is null',
            updated='is_changed',
            assignments={'seen_row_hash': 'row_hash', 'is_changed': 'false'},
        ) -%}
    {%- endif -%}
    {%- do northstar.amend_rows(
        northstar.stored('int_northstar__touched_entities'), deleted='1 = 1'
    ) -%}
    {%- do northstar.amend_rows(
        northstar.stored('int_northstar__loads'),
        updated='is_changed or seen_facts_hash is null or seen_facts_hash <> facts_hash'
            ~ ' or seen_definitions_hash <> definitions_hash',
        assignments={
            'seen_row_count': 'row_count',
            'seen_waiting_count': 'waiting_count',
            'seen_facts_hash': 'facts_hash',
            'seen_definitions_hash': 'definitions_hash',
            'is_changed': 'false',
        },
    ) -%}
    {%- do northstar.commit() -%}
{%- endmacro %}
