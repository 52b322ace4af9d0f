{{ config(enabled=northstar.driver_metrics('calendar') | length > 0) }}

{%- set metrics = northstar.driver_metrics('calendar') -%}
{%- set lengths = {'day': 1, 'week': 7, 'month': 31, 'quarter': 92} -%}
{%- set longest = [1] -%}
{%- for metric in metrics -%}
    {%- do longest.append(lengths[metric.window.grain]) -%}
{%- endfor %}

with

metric_values as (
    select * from {{ ref('int_northstar__metric_values') }}
    where metric_name in ({{ northstar.names_of(metrics) }})
),

day_counts as (
    {%- for days in range(1, longest | max + 1) %}
    select {{ days }} as active_days
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

active as (
    select
        metric_name,
        period_start,
        active_days,
        sum(entities) as entities
    from {{ ref('int_northstar__active_days') }}
    group by metric_name, period_start, active_days
)

select
    metric_values.metric_name,
    metric_values.metric_version,
    metric_values.grain,
    metric_values.period_start,
    metric_values.period_end,
    metric_values.period_status,
    day_counts.active_days,
    cast(coalesce(active.entities, 0) as bigint) as entities
from metric_values
inner join day_counts
    on
        day_counts.active_days
        <= {{ northstar.days_between(
            'metric_values.period_start', 'metric_values.period_end'
        ) }}
left join active
    on
        metric_values.metric_name = active.metric_name
        and metric_values.period_start = active.period_start
        and day_counts.active_days = active.active_days
