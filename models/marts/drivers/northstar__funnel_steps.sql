{#-
    Without a funnel it has no rows: the semantic layer reads it in every project with
    drivers.
-#}

{{ config(
    materialized='northstar_view',
    enabled=northstar.uses_drivers()
        or northstar.has_input('northstar_funnels')
        or northstar.metrics_stay(),
) }}

{% if not northstar.funnels() %}{{ northstar.no_rows() }}{% else %}
with

cells as (
    select * from {{ ref('int_northstar__funnel_cells') }}
    where segment_name is null
),

steps as (
    select
        *,
        step = max(step) over (partition by funnel_name) as is_last_step,
        lag(reached_entities) over (
            partition by funnel_name, cohort_start order by step
        ) as previous_entities
    from cells
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
    is_last_step,
    cohort_entities,
    entered_entities,
    reached_entities,
    previous_entities,
    step_conversion_rate,
    step_rate_lower,
    step_rate_upper,
    overall_conversion_rate,
    overall_rate_lower,
    overall_rate_upper,
    median_seconds
from steps
{% endif %}
