{%- set metrics = northstar.driver_metrics('calendar') -%}

{{ config(enabled=metrics | length > 0) }}

{%- set grains = metrics | map(attribute='window') | map(attribute='grain') | unique
    | list -%}
{%- set last_day = northstar.activation_windows() | max %}

with

watermark as (
    select
        watermark_at,
        {{ northstar.followed_until() }} as followed_until
    from {{ ref('int_northstar__watermark') }}
    where watermark_at is not null
),

metrics as (
    select * from {{ ref('int_northstar__metrics') }}
    where
        metric_name in (
            {%- for metric in metrics %}
            '{{ metric.name }}'{{ ',' if not loop.last }}
            {%- endfor %}
        )
),

starts as (
    select * from {{ ref('int_northstar__starts') }}
),

days as (
    {%- for day in range(1, last_day + 1) %}
    select {{ day }} as day
    {{- ' union all' if not loop.last }}
    {%- endfor %}
),

-- whole days followed, and the first day by the end of which it was reached
followed as (
    select
        starts.metric_name,
        {{ northstar.cohort_start('starts.anchor_date', grains, 'metrics.grain') }}
            as cohort_start,
        floor({{ northstar.seconds_between(
            'starts.anchor_at', 'watermark.followed_until') }} / 86400.0)
            as followed_days,
        floor({{ northstar.seconds_between(
            'starts.anchor_at', 'starts.reached_at') }} / 86400.0) + 1 as reached_day,
        {{ northstar.seconds_between('starts.anchor_at', 'watermark.watermark_at') }}
            as followed_seconds,
        {{ northstar.seconds_between('starts.anchor_at', 'starts.reached_at') }}
            as reached_seconds
    from starts
    inner join metrics on starts.metric_name = metrics.metric_name
    cross join watermark
),

grouped as (
    select
        metric_name,
        cohort_start,
        case
            when followed_days > {{ last_day }} then {{ last_day }}
            else followed_days
        end as followed_days,
        case when reached_day <= {{ last_day }} then reached_day end as reached_day,
        count(*) as entities
    from followed
    group by 1, 2, 3, 4
),

reached as (
    select
        grouped.metric_name,
        grouped.cohort_start,
        days.day,
        sum(
            case
                when grouped.followed_days >= days.day then grouped.entities
                else 0
            end
        ) as at_risk_entities,
        sum(
            case
                when
                    grouped.followed_days >= days.day
                    and grouped.reached_day <= days.day
                    then grouped.entities
                else 0
            end
        ) as reached_entities
    from grouped
    cross join days
    group by 1, 2, 3
),

-- when someone reached it, or was lost sight of, with all who were waiting until then
times as (
    select
        metric_name,
        cohort_start,
        {{ northstar.followed_for('reached_seconds', 'followed_seconds') }} as seconds,
        sum(case when reached_seconds <= followed_seconds then 1 else 0 end) as events,
        sum(count(*)) over (
            partition by metric_name, cohort_start
            order by
                {{ northstar.followed_for('reached_seconds', 'followed_seconds') }} desc
        ) as at_risk
    from followed
    where followed_seconds >= 0
    group by 1, 2, 3
),

curve as (
    select
        metric_name,
        cohort_start,
        seconds,
        {{ northstar.share_waiting(
            'events', 'at_risk', 'metric_name, cohort_start', 'seconds') }} as waiting
    from times
    where events > 0
),

quartiles as (
    select
        metric_name,
        cohort_start,
        {{ northstar.days_until(0.25, 'seconds', 'waiting') }} as first_quartile_days,
        {{ northstar.days_until(0.5, 'seconds', 'waiting') }} as median_days,
        {{ northstar.days_until(0.75, 'seconds', 'waiting') }} as third_quartile_days
    from curve
    group by 1, 2
),

timed as (
    select
        reached.*,
        metrics.metric_version,
        metrics.grain,
        metrics.waiting_seconds + reached.day * 86400 as waiting_seconds,
        {{ northstar.cohort_end('reached.cohort_start', grains, 'metrics.grain') }}
            as cohort_end,
        quartiles.first_quartile_days,
        quartiles.median_days,
        quartiles.third_quartile_days
    from reached
    inner join metrics on reached.metric_name = metrics.metric_name
    left join quartiles
        on
            reached.metric_name = quartiles.metric_name
            and reached.cohort_start = quartiles.cohort_start
),

ended as (
    select
        timed.*,
        watermark.watermark_at,
        {{ northstar.local_midnight('timed.cohort_end') }} as ends_at
    from timed
    cross join watermark
)

select
    metric_name,
    metric_version,
    grain,
    cohort_start as period_start,
    cohort_end as period_end,
    {{ northstar.cohort_status(
        'ends_at', northstar.add_seconds('ends_at', 'waiting_seconds')
    ) }} as period_status,
    cohort_start,
    day,
    cast(at_risk_entities as bigint) as at_risk_entities,
    cast(reached_entities as bigint) as reached_entities,
    {{ northstar.quotient('reached_entities', 'at_risk_entities') }} as reached_share,
    {{ northstar.wilson_lower('reached_entities', 'at_risk_entities') }} as rate_lower,
    {{ northstar.wilson_upper('reached_entities', 'at_risk_entities') }} as rate_upper,
    first_quartile_days,
    median_days,
    third_quartile_days
from ended
