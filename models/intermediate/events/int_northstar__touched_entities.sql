{#-
    The entities whose rows this run computes anew, whole. Touched is more than named by
    a new row: it is also who is on the other side of a changed identity, whose state,
    exclusion, consent or erasure changed, who shares a row with them, and whose event a
    void took back or gave back. All ids of a person touched are here. Rows of a run
    that did not complete stay, so that nothing that it began is left half done. Empty
    where all is counted anew. One row per entity; ids that are no entity's do no harm.
-#}

{{ config(materialized='northstar_table') }}

{%- set rebuilds = northstar.rebuilds('definitions', 'int_northstar__entity_measures')
    and northstar.rebuilds('definitions', 'int_northstar__entities') -%}
{%- set known = load_relation(this) is not none and not rebuilds -%}
{%- set kinds = northstar.id_kinds() -%}
{%- set entities = var('northstar_entities') -%}
{%- set has_people = northstar.has_people() -%}
{%- set has_identity = northstar.has_identity() -%}
{%- set has_inputs = northstar.has_input('northstar_exclusions')
    or northstar.has_input('northstar_consent')
    or northstar.has_input('northstar_erasure_requests')
    or northstar.has_input('northstar_states') -%}
{%- set voiding = northstar.event_metrics() | selectattr('void') | list -%}
{%- set person_keys = ['user_id', 'anonymous_id'] %}
{% if rebuilds %}
select
    cast(null as {{ northstar.text_type() }}) as entity_type,
    cast(null as {{ northstar.text_type() }}) as entity_id
from {{ ref('int_northstar__changed_loads') }}
where 1 = 0
{% else %}
with

changed_loads as (
    select * from {{ ref('int_northstar__changed_loads') }}
),
{% if has_identity %}
identities as (
    select * from {{ ref('int_northstar__identities') }}
),

reowned as (
    select
        id,
        canonical_id,
        seen_canonical_id
    from identities
    where
        coalesce(canonical_id, '') <> coalesce(seen_canonical_id, '')
        or is_known <> coalesce(seen_is_known, false)
),
{% endif %}
changed_inputs as (
    {%- if has_inputs %}
    select
        input_name,
        id_type,
        id
    from {{ ref('int_northstar__input_ids') }}
    where is_changed
    {%- else %}
    select
        source_name as input_name,
        source_name as id_type,
        source_name as id
    from changed_loads
    where 1 = 0
    {%- endif %}
),

-- whoever some other input says something else of, by any id of the person
renamed_people as (
    select id
    from changed_inputs
    where input_name <> 'states' and id_type in ('user', 'anonymous')
),

judged_people as (
    {%- if has_identity %}
    select coalesce(identities.canonical_id, renamed_people.id) as person_id
    from renamed_people
    left join identities on renamed_people.id = identities.id
    union distinct
    {%- endif %}
    select id as person_id
    from renamed_people
),

rejudged_people as (
    select person_id as id
    from judged_people
    {%- if has_identity %}
    union distinct
    select identities.id
    from identities
    inner join judged_people on identities.canonical_id = judged_people.person_id
    union distinct
    select id
    from reowned
    {%- endif %}
),

-- every row of theirs, with whoever else is on it
rejudged_rows as (
    {%- for relation in (
        'int_northstar__activity', 'int_northstar__event_copies',
    ) %}
    select
        {%- for column in kinds.values() %}
        {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref(relation) }}
    where
        {{ (northstar.raw_person_id() ~ ' in (select rejudged_people.id from rejudged_people)')
            if has_people else '1 = 0' }}
        {%- for kind in ('anonymous', 'account') if kind in kinds and has_inputs %}
        or {{ kinds[kind] }} in (
            select changed_inputs.id
            from changed_inputs
            where
                changed_inputs.input_name <> 'states'
                and changed_inputs.id_type = '{{ kind }}'
        )
        {%- endfor %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

touched_ids as (
    select
        id_type,
        id
    from {{ ref('int_northstar__read_ids') }}
    {%- for kind, column in kinds.items() %}
    union distinct
    select
        '{{ kind }}' as id_type,
        {{ column }} as id
    from rejudged_rows
    where {{ column }} is not null
    {%- endfor %}
    union distinct
    select
        'user' as id_type,
        id
    from rejudged_people
    union distinct
    select
        id_type,
        id
    from changed_inputs
    where input_name <> 'states'
),
{% if voiding %}
named as (
    {%- for relation in (
        'int_northstar__named_events', 'int_northstar__event_copies',
    ) %}
    select
        source_name,
        load_date,
        event_id,
        event_name,
        occurred_at,
        local_date,
        {%- for column in northstar.stored_event_columns() %}
        {{ column.name }},
        {%- endfor %}
        {{ northstar.raw_person_id() if has_people else 'cast(null as '
            ~ northstar.text_type() ~ ')' }} as raw_person_id
    from {{ ref(relation) }}
    where {{ northstar.is_named() }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

identified as (
    select
        named.*
        {%- if has_identity %},
        coalesce(identities.canonical_id, named.raw_person_id) as person_id
        {%- elif has_people %},
        named.raw_person_id as person_id
        {%- endif %}
    from named
    {%- if has_identity %}
    left join identities on named.raw_person_id = identities.id
    {%- endif %}
),

-- voids that came, went, or count for someone else
changed_voids as (
    select identified.*
    from identified
    left join changed_loads
        on
            identified.source_name = changed_loads.source_name
            and identified.load_date = changed_loads.load_date
    where
        identified.event_name in (
            {%- for name in voiding | map(attribute='void') | map(attribute='event')
                | unique %}
            {{ northstar.string_literal(name) }}{{ ',' if not loop.last }}
            {%- endfor %}
        )
        and (
            changed_loads.load_date is not null
            or identified.raw_person_id in (
                select rejudged_people.id from rejudged_people
            )
            {%- for kind in ('anonymous', 'account') if kind in kinds and has_inputs
                and (kind == 'anonymous' or northstar.stored_event_columns()
                | selectattr('name', 'equalto', 'account_id') | list) %}
            or identified.{{ kinds[kind] }} in (
                select changed_inputs.id
                from changed_inputs
                where
                    changed_inputs.input_name <> 'states'
                    and changed_inputs.id_type = '{{ kind }}'
            )
            {%- endfor %}
        )
),
{% endif %}
touched as (
    {%- for entity_type, entity in entities.items() %}
    {%- if entity.id == 'user_id' %}
    select
        '{{ entity_type }}' as entity_type,
        id as entity_id
    from touched_ids
    where id_type in ('user', 'anonymous')
    {%- if has_identity %}
    union distinct
    select
        '{{ entity_type }}' as entity_type,
        identities.canonical_id as entity_id
    from touched_ids
    inner join identities on touched_ids.id = identities.id
    where touched_ids.id_type in ('user', 'anonymous')
    union distinct
    select
        '{{ entity_type }}' as entity_type,
        seen_canonical_id as entity_id
    from reowned
    {%- endif %}
    {%- else %}
    select
        '{{ entity_type }}' as entity_type,
        id as entity_id
    from touched_ids
    where id_type = '{{ 'account' if entity.id == 'account_id'
        else 'anonymous' if entity.id == 'anonymous_id' else entity.id }}'
    {%- endif %}
    union distinct
    {%- endfor %}
    select
        id_type as entity_type,
        id as entity_id
    from changed_inputs
    where input_name = 'states'
    {%- for entity_type, entity in entities.items()
        if entity.id == 'user_id' and has_identity %}
    union distinct
    select
        '{{ entity_type }}' as entity_type,
        identities.canonical_id as entity_id
    from changed_inputs
    inner join identities on changed_inputs.id = identities.id
    where changed_inputs.input_name = 'states' and changed_inputs.id_type = '{{ entity_type }}'
    {%- endfor %}
    {%- for metric in voiding %}
    {%- set key = northstar.canonical_column(metric.void.key) %}
    union distinct
    select
        '{{ metric.entity }}' as entity_type,
        victims.{{ northstar.entity_id(metric) }} as entity_id
    from identified as victims
    inner join changed_voids on victims.{{ key }} = changed_voids.{{ key }}
    where
        changed_voids.event_name = {{ northstar.string_literal(metric.void.event) }}
        and victims.event_name in (
            {%- for name in metric.events | map(attribute='event') | unique %}
            {{ northstar.string_literal(name) }}{{ ',' if not loop.last }}
            {%- endfor %}
        )
    {%- endfor %}
    {%- if known %}
    union distinct
    select
        entity_type,
        entity_id
    from {{ this }}
    {%- endif %}
)

select
    entity_type,
    entity_id
from touched
where entity_id is not null
{%- for entity_type, entity in entities.items()
    if entity.id == 'user_id' and has_identity %}
union distinct
select
    '{{ entity_type }}' as entity_type,
    identities.id as entity_id
from touched
inner join identities on touched.entity_id = identities.canonical_id
where touched.entity_type = '{{ entity_type }}'
{%- endfor %}
{% endif %}
