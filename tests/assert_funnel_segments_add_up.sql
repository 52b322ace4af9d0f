{#-
    The values of a segment add up to the funnel, step by step, wherever none of them is
    suppressed: whoever enters has one of them.
-#}

{{ config(enabled=northstar.segmented_funnels() | length > 0) }}

with

segments as (
    select
        funnel_name,
        cohort_start,
        step,
        segment_name,
        sum(cohort_entities) as cohort_entities,
        sum(entered_entities) as entered_entities,
        sum(reached_entities) as reached_entities
    from {{ ref('northstar__funnel_segments') }}
    group by funnel_name, cohort_start, step, segment_name
    having max(case when is_suppressed then 1 else 0 end) = 0
),

funnel_steps as (
    select * from {{ ref('northstar__funnel_steps') }}
)

select
    segments.funnel_name,
    segments.cohort_start,
    segments.step,
    segments.segment_name
from segments
inner join funnel_steps
    on
        segments.funnel_name = funnel_steps.funnel_name
        and segments.cohort_start = funnel_steps.cohort_start
        and segments.step = funnel_steps.step
where
    segments.cohort_entities <> funnel_steps.cohort_entities
    or segments.entered_entities <> funnel_steps.entered_entities
    or segments.reached_entities <> funnel_steps.reached_entities
