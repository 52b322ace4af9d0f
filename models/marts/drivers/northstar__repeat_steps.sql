{%- set metrics = northstar.driver_metrics('calendar') -%}

{{ config(enabled=metrics | length > 0) }}

{%- set grains = metrics | map(attribute='window') | map(attribute='grain') | unique
    | list -%}
{%- set window_seconds = var('northstar_repeat_window_days', 30) * 86400 %}

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
),

repeats as (
    select * from {{ ref('int_northstar__repeats') }}
),

followed as (
    select
        repeats.metric_name,
        repeats.period_start as cohort_start,
        repeats.n,
        {{ northstar.add_seconds('repeats.booked_at', window_seconds) }}
            <= watermark.followed_until as is_mature,
        coalesce(
            repeats.next_booked_at
            < {{ northstar.add_seconds('repeats.booked_at', window_seconds) }},
            false
        ) as is_repeated,
        {{ northstar.seconds_between('repeats.booked_at', 'watermark.watermark_at') }}
            as followed_seconds,
        {{ northstar.seconds_between('repeats.booked_at', 'repeats.next_booked_at') }}
            as reached_seconds
    from repeats
    cross join watermark
),

steps as (
    select
        metric_name,
        cohort_start,
        n,
        count(*) as reached_entities,
        sum(case when is_mature then 1 else 0 end) as mature_entities,
        sum(case when is_mature and is_repeated then 1 else 0 end) as repeated_entities
    from followed
    group by 1, 2, 3
),

-- when the next one came, or the data end, with all who were waiting until then
times as (
    select
        metric_name,
        cohort_start,
        n,
        {{ northstar.followed_for('reached_seconds', 'followed_seconds') }} as seconds,
        sum(case when reached_seconds <= followed_seconds then 1 else 0 end) as events,
        sum(count(*)) over (
            partition by metric_name, cohort_start, n
            order by
                {{ northstar.followed_for('reached_seconds', 'followed_seconds') }} desc
        ) as at_risk
    from followed
    where followed_seconds >= 0
    group by 1, 2, 3, 4
),

curve as (
    select
        metric_name,
        cohort_start,
        n,
        seconds,
        {{ northstar.share_waiting(
            'events', 'at_risk', 'metric_name, cohort_start, n', 'seconds') }}
            as waiting
    from times
    where events > 0
),

medians as (
    select
        metric_name,
        cohort_start,
        n,
        {{ northstar.days_until(0.5, 'seconds', 'waiting') }} as median_days_between
    from curve
    group by 1, 2, 3
),

timed as (
    select
        steps.*,
        metrics.metric_version,
        metrics.grain,
        metrics.waiting_seconds + {{ window_seconds }} as waiting_seconds,
        {{ northstar.cohort_end('steps.cohort_start', grains, 'metrics.grain') }}
            as cohort_end,
        medians.median_days_between
    from steps
    inner join metrics on steps.metric_name = metrics.metric_name
    left join medians
        on
            steps.metric_name = medians.metric_name
            and steps.cohort_start = medians.cohort_start
            and steps.n = medians.n
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
    cast(n as integer) as n,
    cast(reached_entities as bigint) as reached_entities,
    cast(mature_entities as bigint) as mature_entities,
    cast(repeated_entities as bigint) as repeated_entities,
    {{ northstar.quotient('repeated_entities', 'mature_entities') }} as repeat_rate,
    {{ northstar.wilson_lower('repeated_entities', 'mature_entities') }} as rate_lower,
    {{ northstar.wilson_upper('repeated_entities', 'mature_entities') }} as rate_upper,
    median_days_between
from ended
