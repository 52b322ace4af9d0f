{#-
    What each step of the evaluation order left out of the North Star's latest final
    period: a query to copy, with another metric and another period. `northstar explain`
    does the same, in words. One row per metric, step and reason; a ratio has two parts.

        dbt show --select explain_a_number --limit 100
-#}

{%- set north_star = northstar.metrics() | selectattr('is_north_star') | first -%}

with

metrics as (
    select * from {{ ref('int_northstar__metrics') }}
    where published_name = '{{ north_star.name }}'
),

chosen as (
    select max(period_start) as period_start
    from {{ ref('northstar__metric_periods') }}
    where metric_name = '{{ north_star.name }}' and period_status = 'final'
),

events as (
    select explained_events.*
    from {{ ref('int_northstar__explained_events') }} as explained_events
    inner join metrics on explained_events.metric_name = metrics.metric_name
    inner join chosen on explained_events.period_start = chosen.period_start
),

counted as (
    select
        metric_name,
        period_start,
        dropped_at_step,
        reason,
        is_void,
        count(*) as event_count,
        count(distinct entity_id) as entity_count,
        sum(amount) as amount
    from events
    group by metric_name, period_start, dropped_at_step, reason, is_void
)

select
    metric_name,
    period_start,
    dropped_at_step,
    reason,
    is_void,
    event_count,
    entity_count,
    amount
from counted
order by metric_name, dropped_at_step, reason
