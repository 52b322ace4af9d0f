{#-
    Step 6. From when to when an id is excluded, and for what: where several records
    overlap, the first reason in the order of the ledger. Times of one id never overlap.

    key_type: person (any id of a person, canonical), anonymous (the device as the row
    carries it), account.
-#}

{{ config(
    materialized='northstar_table',
    enabled=northstar.has_input('northstar_exclusions'),
) }}

with

exclusions as (
    select
        id_type,
        id,
        case reason
            when 'internal' then 1
            when 'bot' then 2
            when 'fraud' then 3
            when 'test' then 4
            else 5
        end as reason_order,
        coalesce(
            valid_from, {{ northstar.instant_literal('0001-01-01') }}
        ) as valid_from,
        coalesce(valid_to, {{ northstar.instant_literal('9999-12-31') }}) as valid_to
    from {{ ref('stg_northstar__exclusions') }}
    where id is not null
),
{% if northstar.has_identity() %}
identities as (
    select * from {{ ref('int_northstar__identities') }}
),
{% endif %}
keyed as (
    {%- if northstar.has_people() %}
    select
        'person' as key_type,
        {{ 'coalesce(identities.canonical_id, exclusions.id)'
            if northstar.has_identity() else 'exclusions.id' }} as key_id,
        exclusions.reason_order,
        exclusions.valid_from,
        exclusions.valid_to
    from exclusions
    {% if northstar.has_identity() -%}
    left join identities on exclusions.id = identities.id
    {%- endif %}
    where exclusions.id_type in ('user', 'anonymous')

    union all
    {% endif %}
    select
        id_type as key_type,
        id as key_id,
        reason_order,
        valid_from,
        valid_to
    from exclusions
    where id_type in ('anonymous', 'account')
),

edges as (
    select
        key_type,
        key_id,
        valid_from as edge_at
    from keyed
    union distinct
    select
        key_type,
        key_id,
        valid_to as edge_at
    from keyed
),

spans as (
    select
        key_type,
        key_id,
        edge_at as valid_from,
        lead(edge_at) over (
            partition by key_type, key_id order by edge_at
        ) as valid_to
    from edges
),

excluded as (
    select
        spans.key_type,
        spans.key_id,
        spans.valid_from,
        spans.valid_to,
        min(keyed.reason_order) as reason_order
    from spans
    inner join keyed
        on
            spans.key_type = keyed.key_type
            and spans.key_id = keyed.key_id
            and spans.valid_from >= keyed.valid_from
            and spans.valid_to <= keyed.valid_to
    group by spans.key_type, spans.key_id, spans.valid_from, spans.valid_to
)

select
    key_type,
    key_id,
    valid_from,
    valid_to,
    reason_order
from excluded
