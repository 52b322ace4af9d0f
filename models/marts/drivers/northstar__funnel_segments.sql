{#-
    A step hides what is too small beside its total, as northstar__segment_periods does;
    and what one step hides no later step shows.
-#}

{{ config(
    materialized='northstar_view',
    enabled=northstar.segmented_funnels() | length > 0,
) }}

{%- set min_cell = var('northstar_min_cell', none) or 0 -%}
{%- set figures = [
    'cohort_entities', 'entered_entities', 'reached_entities', 'step_conversion_rate',
    'step_rate_lower', 'step_rate_upper', 'overall_conversion_rate',
    'overall_rate_lower', 'overall_rate_upper', 'median_seconds',
] %}

with

cells as (
    select * from {{ ref('int_northstar__funnel_cells') }}
    where segment_name is not null
),
{% if min_cell %}
-- the smallest first: those under the least number, and whoever hides them
ranked as (
    select
        *,
        row_number() over (
            partition by funnel_name, cohort_start, step, segment_name
            order by reached_entities, {{ northstar.byte_order('segment_value') }}
        ) as size_rank,
        max(case when reached_entities < {{ min_cell }} then 1 else 0 end) over (
            partition by funnel_name, cohort_start, step, segment_name
        ) as hides_someone
    from cells
),

running as (
    select
        *,
        coalesce(sum(reached_entities) over (
            partition by funnel_name, cohort_start, step, segment_name
            order by size_rank
            rows between unbounded preceding and 1 preceding
        ), 0) as smaller_entities
    from ranked
),

hidden as (
    select
        *,
        case
            when
                reached_entities < {{ min_cell }}
                or hides_someone = 1 and smaller_entities < {{ min_cell }}
                then 1
            else 0
        end as is_hidden
    from running
),

judged as (
    select
        *,
        max(is_hidden) over (
            partition by funnel_name, cohort_start, segment_name, segment_value
            order by step
            rows between unbounded preceding and current row
        ) = 1 as is_suppressed
    from hidden
)
{%- else %}
judged as (
    select
        *,
        false as is_suppressed
    from cells
)
{%- endif %}

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
    segment_name,
    segment_value,
{%- for figure in figures %}
    {{ 'case when not is_suppressed then ' ~ figure ~ ' end as ' ~ figure if min_cell
        else figure }},
{%- endfor %}
    is_suppressed
from judged
