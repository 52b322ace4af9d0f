{#-
    Two intervals of one entity and state at one time are a mistake in the states. They
    count once in entities and add up in values, so this warns.
-#}

{{ config(severity='warn', enabled=northstar.has_input('northstar_states')) }}

with

states as (
    select * from {{ ref('int_northstar__states') }}
),

following as (
    select
        entity_type,
        entity_id,
        state,
        valid_from,
        valid_to,
        lead(valid_from) over (
            partition by entity_type, entity_id, state order by valid_from, valid_to
        ) as next_from
    from states
)

select
    entity_type,
    entity_id,
    state,
    valid_from,
    valid_to,
    next_from
from following
where next_from is not null and (valid_to is null or next_from < valid_to)
