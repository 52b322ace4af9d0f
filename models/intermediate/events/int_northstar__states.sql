{#-
    The intervals of states, by canonical entity, without the times in which the entity
    is excluded and without erased entities. Empty intervals are gone. One row per
    interval; valid_to is null where it has not ended.
-#}

{{ config(
    materialized='northstar_table',
    enabled=northstar.has_input('northstar_states')
) }}

{%- set forever = northstar.instant_literal('9999-12-31') -%}
{%- set has_erasure = northstar.has_input('northstar_erasure_requests') -%}
{%- set has_exclusions = northstar.has_input('northstar_exclusions') -%}
{%- set key_types = {'user_id': 'person', 'account_id': 'account'} %}

with

recorded as (
    select
        entity as entity_type,
        entity_id,
        case entity
            {%- for entity_type, entity in var('northstar_entities').items() %}
            when '{{ entity_type }}' then '{{ key_types.get(entity.id, 'none') }}'
            {%- endfor %}
        end as key_type,
        state,
        valid_from,
        coalesce(valid_to, {{ forever }}) as valid_to,
        value
    from {{ ref('stg_northstar__states') }}
    where entity_id is not null and valid_from < coalesce(valid_to, {{ forever }})
),

identified as (
    select
        recorded.entity_type,
        {%- if northstar.has_identity() %}
        case
            when recorded.key_type = 'person'
                then coalesce(identities.canonical_id, recorded.entity_id)
            else recorded.entity_id
        end as entity_id,
        {%- else %}
        recorded.entity_id,
        {%- endif %}
        recorded.key_type,
        recorded.state,
        recorded.valid_from,
        recorded.valid_to,
        recorded.value
    from recorded
    {%- if northstar.has_identity() %}
    left join {{ ref('int_northstar__identities') }} as identities
        on recorded.entity_id = identities.id
    {%- endif %}
),
{% if has_exclusions %}
exclusions as (
    select
        key_type,
        key_id,
        valid_from,
        valid_to
    from {{ ref('int_northstar__exclusion_periods') }}
),

-- the times between exclusions, from the beginning to the end of time
included as (
    select
        key_type,
        key_id,
        lag(valid_to, 1, {{ northstar.instant_literal('0001-01-01') }}) over (
            partition by key_type, key_id order by valid_from
        ) as valid_from,
        valid_from as valid_to
    from exclusions

    union all

    select
        key_type,
        key_id,
        max(valid_to) as valid_from,
        {{ forever }} as valid_to
    from exclusions
    group by key_type, key_id
),

excluded_keys as (
    select distinct
        key_type,
        key_id
    from exclusions
),

cut as (
    select
        identified.entity_type,
        identified.entity_id,
        identified.key_type,
        identified.state,
        case
            when included.valid_from > identified.valid_from then included.valid_from
            else identified.valid_from
        end as valid_from,
        case
            when included.valid_to < identified.valid_to then included.valid_to
            else identified.valid_to
        end as valid_to,
        identified.value
    from identified
    left join excluded_keys
        on
            identified.key_type = excluded_keys.key_type
            and identified.entity_id = excluded_keys.key_id
    left join included
        on
            excluded_keys.key_type = included.key_type
            and excluded_keys.key_id = included.key_id
            and included.valid_from < included.valid_to
            and identified.valid_from < included.valid_to
            and identified.valid_to > included.valid_from
    where excluded_keys.key_id is null or included.key_id is not null
)
{%- else %}
cut as (
    select * from identified
)
{%- endif %}

select
    cut.entity_type,
    cut.entity_id,
    cut.state,
    cut.valid_from,
    case when cut.valid_to < {{ forever }} then cut.valid_to end as valid_to,
    cut.value
from cut
{%- if has_erasure %}
left join {{ ref('int_northstar__erased_ids') }} as erased
    on cut.key_type = erased.key_type and cut.entity_id = erased.key_id
where erased.key_id is null
{%- endif %}
