{#-
    What the entities add is the metric's value. A lifetime metric has rows only where
    something changed, so its contributions are not a period's.
-#}

with

lifetimes as (
    select
        metric_name,
        metric_version
    from {{ ref('northstar__metric_definitions') }}
    where window_kind = 'lifetime'
),

contributed as (
    select
        metric_name,
        metric_version,
        period_start,
        sum(contribution) as contributed,
        sum(case when is_qualified then 1 else 0 end) as qualified_entities
    from {{ ref('northstar__entity_periods') }}
    group by metric_name, metric_version, period_start
),

metric_periods as (
    select * from {{ ref('northstar__metric_periods') }} as metric_periods
    where
        qualified_entities is not null
        and not exists (
            select 1 from lifetimes
            where
                metric_periods.metric_name = lifetimes.metric_name
                and metric_periods.metric_version = lifetimes.metric_version
        )
)

select
    metric_periods.metric_name,
    metric_periods.period_start,
    metric_periods.value,
    contributed.contributed
from metric_periods
left join contributed
    on
        metric_periods.metric_name = contributed.metric_name
        and metric_periods.metric_version = contributed.metric_version
        and metric_periods.period_start = contributed.period_start
where
    abs(metric_periods.value - coalesce(contributed.contributed, 0)) > 0.000001
    or metric_periods.qualified_entities <> coalesce(contributed.qualified_entities, 0)
