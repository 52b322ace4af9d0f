{#-
    An entity that was active on a date is among the active of the week or month that
    ends with a later date, until it is active again or the week or month is over: so
    each entity and day adds one where it begins and takes one away where it ends, and
    the running sum of these counts entities by the day without a row for each.
-#}

{{ config(enabled=northstar.driver_metrics('calendar') | length > 0) }}

{%- set metrics = northstar.driver_metrics('calendar') -%}
{%- set names = northstar.names_of(metrics) -%}
{%- set short = [] -%}
{%- set long = [] -%}
{%- for metric in metrics -%}
    {%- set is_short = metric.window.grain in ('day', 'week') -%}
    {%- do (short if is_short else long).append(metric) -%}
{%- endfor -%}
{%- set next_month_start = northstar.period_end(
    '(' ~ northstar.period_start('local_date', 'month') ~ ')', 'month'
) -%}
{%- set many_named = [] -%}
{%- for metric in metrics
    if metric.events | map(attribute='event') | unique | list | length > 1 -%}
    {%- do many_named.append(metric) -%}
{%- endfor -%}
{%- set seen_by = [] -%}
{%- for metric in metrics -%}
    {%- if (metric.entity, metric.window.grain) not in seen_by -%}
        {%- do seen_by.append((metric.entity, metric.window.grain)) -%}
    {%- endif -%}
{%- endfor -%}
{#- what a metric books by another instant than occurred_at can be booked unseen -#}
{%- set booked_elsewhere = [] -%}
{%- for metric in metrics
    if metric.events | map(attribute='at') | reject('equalto', 'occurred_at') | list -%}
    {%- do booked_elsewhere.append(metric) -%}
{%- endfor %}

with

metric_values as (
    select * from {{ ref('int_northstar__metric_values') }}
    where metric_name in ({{ names }})
),

metrics as (
    select * from {{ ref('int_northstar__metrics') }}
    where metric_name in ({{ names }})
),

calendar_days as (
    select * from {{ ref('int_northstar__days') }}
),

active_days as (
    select * from {{ ref('int_northstar__active_days') }}
),

activity as (
    select * from {{ ref('int_northstar__accepted_activity') }}
),

entity_days as (
    select distinct
        metric_name,
        entity_id,
        booked_date as local_date
    from {{ ref('int_northstar__bookings') }}
    where amount is not null and not is_void and metric_name in ({{ names }})
),

followed as (
    select
        metric_name,
        local_date,
        lead(local_date) over (
            partition by metric_name, entity_id order by local_date
        ) as next_date
    from entity_days
),

bounded as (
    select
        metric_name,
        local_date,
        next_date,
        {{ northstar.add_days('local_date', 7) }} as week_end,
        {%- if long and short %}
        case
            when metric_name in ({{ northstar.names_of(long) }})
                then {{ next_month_start }}
            else {{ northstar.add_days('local_date', 28) }}
        end as month_end
        {%- else %}
        {{ next_month_start if long else northstar.add_days('local_date', 28) }}
            as month_end
        {%- endif %}
    from followed
),

steps as (
    select
        metric_name,
        local_date,
        1 as entities,
        1 as week_step,
        1 as month_step
    from bounded

    union all

    select
        metric_name,
        case when next_date < week_end then next_date else week_end end as local_date,
        0 as entities,
        -1 as week_step,
        0 as month_step
    from bounded

    union all

    select
        metric_name,
        case when next_date < month_end then next_date else month_end end as local_date,
        0 as entities,
        0 as week_step,
        -1 as month_step
    from bounded
),

stepped as (
    select
        metric_name,
        local_date,
        sum(entities) as entities,
        sum(week_step) as week_step,
        sum(month_step) as month_step
    from steps
    group by metric_name, local_date
),

-- by the day, what was in the week and in the month that end with it
running as (
    select
        metrics.metric_name,
        calendar_days.local_date,
        sum(coalesce(stepped.entities, 0)) over (
            partition by metrics.metric_name order by calendar_days.local_date
        ) as entity_days,
        sum(coalesce(stepped.week_step, 0)) over (
            partition by metrics.metric_name order by calendar_days.local_date
        ) as week_entities,
        sum(coalesce(stepped.month_step, 0)) over (
            partition by metrics.metric_name order by calendar_days.local_date
        ) as month_entities
    from metrics
    cross join calendar_days
    left join stepped
        on
            metrics.metric_name = stepped.metric_name
            and calendar_days.local_date = stepped.local_date
),

periods as (
    select
        metric_values.*,
        {{ northstar.days_between(
            'metric_values.period_start', 'metric_values.period_end'
        ) }} as dates,
        {{ northstar.add_days('metric_values.period_end', -1) }} as last_date,
        {{ northstar.add_days('metric_values.period_end', -7) }} as week_start,
        case
            when metric_values.grain in ('month', 'quarter')
                then {{ northstar.period_start(
                    '(' ~ northstar.add_days('metric_values.period_end', -1) ~ ')',
                    'month'
                ) }}
            else {{ northstar.add_days('metric_values.period_end', -28) }}
        end as month_start,
        min(metric_values.period_start) over (
            partition by metric_values.metric_name
        ) as first_start
    from metric_values
),

active as (
    select
        metric_name,
        period_start,
        sum(entities) as active_entities,
        sum(active_days * entities) as active_days,
        sum(case when is_qualified then active_days * entities else 0 end)
            as qualified_days
    from active_days
    group by metric_name, period_start
),

{% if many_named -%}
-- each event's name once an entity; of a metric with one event that is its entities
actions as (
    select
        metric_name,
        period_start,
        count(*) as key_actions
    from (
        select distinct
            metric_name,
            entity_id,
            period_start,
            event_name
        from {{ ref('int_northstar__bookings') }}
        where
            amount is not null
            and not is_void
            and metric_name in ({{ northstar.names_of(many_named) }})
    ) as named
    group by metric_name, period_start
),

{% endif -%}
measured as (
    select
        metric_name,
        period_start,
        sum(measure) as measure
    from {{ ref('int_northstar__entity_measures') }}
    where
        is_qualified
        and measure is not null
        and not is_same_point
        and metric_name in ({{ names }})
    group by metric_name, period_start
),
{% for entity, grain in seen_by %}
{{ entity }}_seen_by_{{ grain }} as (
    select distinct
        {{ northstar.canonical_column(var('northstar_entities')[entity].id) }}
            as entity_id,
        {{ northstar.period_start('local_date', grain) }} as period_start
    from activity
    where {{ northstar.canonical_column(var('northstar_entities')[entity].id) }}
        is not null
),
{% endfor %}
seen as (
    {%- for metric in metrics %}
    select
        '{{ metric.name }}' as metric_name,
        period_start,
        count({{ 'distinct entity_id' if metric in booked_elsewhere else '*' }})
            as seen_entities
    {%- if metric in booked_elsewhere %}
    from (
        select
            entity_id,
            period_start
        from {{ metric.entity }}_seen_by_{{ metric.window.grain }}

        union all

        select
            entity_id,
            {{ northstar.period_start('local_date', metric.window.grain) }}
                as period_start
        from entity_days
        where metric_name = '{{ metric.name }}'
    ) as seen_or_active
    {%- else %}
    from {{ metric.entity }}_seen_by_{{ metric.window.grain }}
    {%- endif %}
    group by period_start
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

gathered as (
    select
        periods.*,
        coalesce(active.active_entities, 0) as active_entities,
        coalesce(active.active_days, 0) as active_days,
        coalesce(active.qualified_days, 0) as qualified_days,
        {{ 'coalesce(actions.key_actions, active.active_entities, 0)' if many_named
            else 'coalesce(active.active_entities, 0)' }} as key_actions,
        coalesce(seen.seen_entities, 0) as seen_entities,
        {{ northstar.in_unit('coalesce(measured.measure, 0)', 'metrics.unit_scale') }}
            as measure,
        running.week_entities,
        running.month_entities,
        running.entity_days - coalesce(before_month.entity_days, 0) as month_days,
        {{ northstar.days_between('periods.month_start', 'periods.period_end') }}
            as month_dates,
        not periods.is_open and periods.week_start >= periods.first_start as has_week,
        not periods.is_open and periods.month_start >= periods.first_start as has_month
    from periods
    inner join metrics on periods.metric_name = metrics.metric_name
    left join active
        on
            periods.metric_name = active.metric_name
            and periods.period_start = active.period_start
    {%- if many_named %}
    left join actions
        on
            periods.metric_name = actions.metric_name
            and periods.period_start = actions.period_start
    {%- endif %}
    left join measured
        on
            periods.metric_name = measured.metric_name
            and periods.period_start = measured.period_start
    left join seen
        on
            periods.metric_name = seen.metric_name
            and periods.period_start = seen.period_start
    left join running
        on
            periods.metric_name = running.metric_name
            and periods.last_date = running.local_date
    left join running as before_month
        on
            periods.metric_name = before_month.metric_name
            and {{ northstar.add_days('periods.month_start', -1) }}
            = before_month.local_date
)

select
    metric_name,
    metric_version,
    grain,
    period_start,
    period_end,
    period_status,
    cast(active_entities as bigint) as active_entities,
    cast(active_days as bigint) as active_days,
    case
        when not is_open
            then {{ northstar.quotient('active_days', 'cast(dates as bigint)') }}
    end as dau,
    cast(case when has_week then week_entities end as bigint) as wau,
    cast(case when has_month then month_entities end as bigint) as mau,
    case
        when has_month
            then {{ northstar.quotient('month_days', 'month_dates * month_entities') }}
    end as stickiness,
    case
        when not is_open
            then {{ northstar.quotient('qualified_days', 'qualified_entities') }}
    end as frequency,
    case
        when not is_open then {{ northstar.quotient('measure', 'qualified_days') }}
    end as depth,
    cast(seen_entities as bigint) as seen_entities,
    case
        when not is_open
            then {{ northstar.quotient('active_entities', 'seen_entities') }}
    end as adoption_breadth,
    case
        when not is_open
            then {{ northstar.wilson_lower('active_entities', 'seen_entities') }}
    end as adoption_breadth_lower,
    case
        when not is_open
            then {{ northstar.wilson_upper('active_entities', 'seen_entities') }}
    end as adoption_breadth_upper,
    case
        when not is_open then {{ northstar.quotient('key_actions', 'active_entities') }}
    end as adoption_depth
from gathered
