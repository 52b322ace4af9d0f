{#-
    On how many days of a period entities were active, those that qualified apart from
    the others. Active on a day is who has an event of the metric booked on it, under
    the threshold or not. One row per driver metric, period, number of active days and
    is_qualified.
-#}

{{ config(
    materialized='northstar_table',
    enabled=northstar.driver_metrics('calendar') | length > 0,
) }}

{%- set metrics = northstar.driver_metrics('calendar') %}

with

bookings as (
    select * from {{ ref('int_northstar__bookings') }}
    where
        amount is not null
        and not is_void
        and metric_name in ({{ northstar.names_of(metrics) }})
),

qualified as (
    select * from {{ ref('int_northstar__entity_measures') }}
    where
        is_qualified
        and measure is not null
        and not is_same_point
        and metric_name in ({{ northstar.names_of(metrics) }})
),

active as (
    select
        metric_name,
        entity_id,
        period_start,
        count(distinct booked_date) as active_days
    from bookings
    group by metric_name, entity_id, period_start
)

select
    active.metric_name,
    active.period_start,
    active.active_days,
    qualified.entity_id is not null as is_qualified,
    count(*) as entities
from active
left join qualified
    on
        active.metric_name = qualified.metric_name
        and active.entity_id = qualified.entity_id
        and active.period_start = qualified.period_start
group by
    active.metric_name,
    active.period_start,
    active.active_days,
    qualified.entity_id is not null
