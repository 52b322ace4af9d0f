{#- The parts of each method are the change of the metric, to the last place. -#}

{{ config(enabled=northstar.changing_metrics() | length > 0) }}

with

contributed as (
    select
        metric_name,
        period_start,
        method,
        sum(contribution) as contributed
    from {{ ref('northstar__metric_changes') }}
    group by metric_name, period_start, method
),

metric_periods as (
    select * from {{ ref('northstar__metric_periods') }}
    where {{ northstar.is_in_force() }}
)

select
    contributed.metric_name,
    contributed.period_start,
    contributed.method,
    contributed.contributed,
    metric_periods.change
from contributed
left join metric_periods
    on
        contributed.metric_name = metric_periods.metric_name
        and contributed.period_start = metric_periods.period_start
where
    metric_periods.change is null
    or contributed.contributed <> metric_periods.change
