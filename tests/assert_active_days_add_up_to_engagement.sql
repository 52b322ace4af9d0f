{#- The distribution of active days holds every active entity and day once. -#}

{{ config(enabled=northstar.driver_metrics('calendar') | length > 0) }}

with

distribution as (
    select
        metric_name,
        period_start,
        sum(entities) as active_entities,
        sum(active_days * entities) as active_days
    from {{ ref('northstar__active_days') }}
    group by metric_name, period_start
),

engagement as (
    select * from {{ ref('northstar__engagement') }}
)

select
    engagement.metric_name,
    engagement.period_start,
    engagement.active_entities,
    engagement.active_days
from engagement
left join distribution
    on
        engagement.metric_name = distribution.metric_name
        and engagement.period_start = distribution.period_start
where
    coalesce(distribution.active_entities, -1) <> engagement.active_entities
    or distribution.active_days <> engagement.active_days
    or engagement.active_entities > engagement.seen_entities
