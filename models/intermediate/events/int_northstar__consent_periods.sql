{#-
    Step 7. What an id consented to, from when to when, for the configured purpose: the
    latest record decides, and records of one instant that disagree do not grant. Times
    of one id never overlap. decided_at is when the deciding record began.

    key_type: person (any id of a person, canonical), anonymous (the device as the row
    carries it), account.
-#}

{{ config(
    materialized='northstar_table',
    enabled=northstar.has_input('northstar_consent')
) }}

with

consent as (
    select
        id_type,
        id,
        status = 'granted' as is_granted,
        coalesce(
            valid_from, {{ northstar.instant_literal('0001-01-01') }}
        ) as valid_from,
        coalesce(valid_to, {{ northstar.instant_literal('9999-12-31') }}) as valid_to
    from {{ ref('stg_northstar__consent') }}
    where
        id is not null
        and purpose = {{ northstar.string_literal(var('northstar_consent_purpose')) }}
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
        {{ 'coalesce(identities.canonical_id, consent.id)'
            if northstar.has_identity() else 'consent.id' }} as key_id,
        consent.is_granted,
        consent.valid_from,
        consent.valid_to
    from consent
    {% if northstar.has_identity() -%}
    left join identities on consent.id = identities.id
    {%- endif %}
    where consent.id_type in ('user', 'anonymous')

    union all
    {% endif %}
    select
        id_type as key_type,
        id as key_id,
        is_granted,
        valid_from,
        valid_to
    from consent
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

candidates as (
    select
        spans.key_type,
        spans.key_id,
        spans.valid_from,
        spans.valid_to,
        keyed.is_granted,
        keyed.valid_from as decided_at,
        max(keyed.valid_from) over (
            partition by spans.key_type, spans.key_id, spans.valid_from
        ) as latest_at
    from spans
    inner join keyed
        on
            spans.key_type = keyed.key_type
            and spans.key_id = keyed.key_id
            and spans.valid_from >= keyed.valid_from
            and spans.valid_to <= keyed.valid_to
),

decided as (
    select
        key_type,
        key_id,
        valid_from,
        valid_to,
        decided_at,
        min(case when is_granted then 1 else 0 end) = 1 as is_granted
    from candidates
    where decided_at = latest_at
    group by key_type, key_id, valid_from, valid_to, decided_at
)

select
    key_type,
    key_id,
    valid_from,
    valid_to,
    decided_at,
    is_granted
from decided
