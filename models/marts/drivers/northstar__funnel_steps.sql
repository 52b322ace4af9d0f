{{ config(
    materialized='northstar_view',
    enabled=northstar.funnels() | length > 0,
) }}

with

cells as (
    select * from {{ ref('int_northstar__funnel_cells') }}
    where segment_name is null
)

select
    funnel_name,
    entity_type,
    grain,
    period_start,
    period_end,
    period_status,
    cohort_start,
    step,
    step_event,
    cohort_entities,
    entered_entities,
    reached_entities,
    step_conversion_rate,
    step_rate_lower,
    step_rate_upper,
    overall_conversion_rate,
    overall_rate_lower,
    overall_rate_upper,
    median_seconds
from cells
