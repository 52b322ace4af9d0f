{{ config(enabled=northstar.segmented_metrics() | rejectattr("part_of") | list
    | length > 0) }}

with

cells as (
    select * from {{ ref('int_northstar__segment_cells') }}
),

metric_values as (
    select * from {{ ref('int_northstar__metric_values') }}
    where is_published
),

metrics as (
    select * from {{ ref('int_northstar__metrics') }}
)

select
    cells.metric_name,
    metric_values.metric_version,
    metric_values.grain,
    cells.period_start,
    metric_values.period_end,
    metric_values.period_status,
    cells.segment_name,
    cells.segment_value,
    case
        when cells.is_suppressed then null
        when metrics.total = 'measure'
            then {{ northstar.in_unit('cells.contribution', 'metrics.unit_scale') }}
        else cells.contribution
    end as value,
    case when not cells.is_suppressed then cells.qualified_entities end
        as qualified_entities,
    cells.is_suppressed,
    metrics.total = 'measure'
    and metrics.measure_kind <> 'distinct'
    and metrics.window_kind <> 'rolling' as is_additive
from cells
inner join metric_values
    on
        cells.metric_name = metric_values.metric_name
        and cells.period_start = metric_values.period_start
inner join metrics on cells.metric_name = metrics.metric_name
