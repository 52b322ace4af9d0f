{#- Nobody reaches a step without the one before. -#}

{{ config(enabled=northstar.funnels() | length > 0) }}

with

funnel_steps as (
    select * from {{ ref('northstar__funnel_steps') }}
)

select
    later.funnel_name,
    later.cohort_start,
    later.step
from funnel_steps as later
inner join funnel_steps as earlier
    on
        later.funnel_name = earlier.funnel_name
        and later.cohort_start = earlier.cohort_start
        and later.step = earlier.step + 1
where later.reached_entities > earlier.reached_entities
