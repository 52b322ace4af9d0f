{#-
    Where a state holds without a break: intervals of one entity and state that overlap
    or touch, as one. One row per unbroken interval.
-#}

{{ config(enabled=northstar.has_input('northstar_states')) }}

{%- set forever = northstar.instant_literal('9999-12-31') %}

with

states as (
    select
        entity_type,
        entity_id,
        state,
        valid_from,
        coalesce(valid_to, {{ forever }}) as valid_to
    from {{ ref('int_northstar__states') }}
),

reached as (
    select
        *,
        max(valid_to) over (
            partition by entity_type, entity_id, state
            order by valid_from, valid_to
            rows between unbounded preceding and 1 preceding
        ) as reached_until
    from states
),

numbered as (
    select
        *,
        sum(case when valid_from <= reached_until then 0 else 1 end) over (
            partition by entity_type, entity_id, state
            order by valid_from, valid_to
            rows between unbounded preceding and current row
        ) as island
    from reached
),

merged as (
    select
        entity_type,
        entity_id,
        state,
        min(valid_from) as valid_from,
        max(valid_to) as valid_to
    from numbered
    group by entity_type, entity_id, state, island
)

select
    entity_type,
    entity_id,
    state,
    valid_from,
    case when valid_to < {{ forever }} then valid_to end as valid_to
from merged
