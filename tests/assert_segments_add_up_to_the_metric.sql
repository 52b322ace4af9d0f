{#-
    The values of a segment add up to the metric, wherever none of them is suppressed:
    each entity has one of them in a period. Scaled values may differ in the last
    places.
-#}

{{ config(enabled=northstar.segmented_metrics() | rejectattr('part_of') | list
    | length > 0) }}

with

segments as (
    select
        metric_name,
        period_start,
        segment_name,
        sum(value) as value,
        sum(qualified_entities) as qualified_entities
    from {{ ref('northstar__segment_periods') }}
    group by metric_name, period_start, segment_name
    having max(case when is_suppressed then 1 else 0 end) = 0
),

metric_periods as (
    select * from {{ ref('northstar__metric_periods') }}
    where {{ northstar.is_in_force() }}
)

select
    segments.metric_name,
    segments.period_start,
    segments.segment_name,
    segments.value,
    metric_periods.value as metric_value
from segments
inner join metric_periods
    on
        segments.metric_name = metric_periods.metric_name
        and segments.period_start = metric_periods.period_start
where
    abs(segments.value - metric_periods.value) > 0.000001
    or segments.qualified_entities <> metric_periods.qualified_entities
