{#-
    The change of a metric's value is what its flows carry. Under a `unit_scale` each
    number is rounded by itself, at the ninth place.
-#}

{{ config(enabled=northstar.driver_metrics('calendar', 'rolling') | length > 0) }}

with

growth_accounting as (
    select * from {{ ref('northstar__growth_accounting') }}
),

metric_periods as (
    select * from {{ ref('northstar__metric_periods') }}
    where {{ northstar.is_in_force() }}
)

select
    growth_accounting.metric_name,
    growth_accounting.period_start,
    metric_periods.value,
    metric_periods.previous_value,
    growth_accounting.new_value,
    growth_accounting.resurrected_value,
    growth_accounting.expansion_value,
    growth_accounting.contraction_value,
    growth_accounting.churned_value
from growth_accounting
inner join metric_periods
    on
        growth_accounting.metric_name = metric_periods.metric_name
        and growth_accounting.period_start = metric_periods.period_start
where
    growth_accounting.period_status <> 'open'
    and abs(
        metric_periods.value - coalesce(metric_periods.previous_value, 0)
        - growth_accounting.new_value
        - growth_accounting.resurrected_value
        - growth_accounting.expansion_value
        + growth_accounting.contraction_value
        + growth_accounting.churned_value
    )
    > 0.00000001
