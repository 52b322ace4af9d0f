{%- set metrics = northstar.driver_metrics('calendar', 'since_anchor') -%}

{{ config(enabled=metrics | length > 0) }}

{%- set grains = metrics | map(attribute='window') | map(attribute='grain') | unique
    | list -%}
{%- set metrics_by_window = {} -%}
{%- for metric in metrics -%}
    {%- for days in northstar.activation_windows(metric) -%}
        {%- do metrics_by_window.setdefault(days, []).append(metric.name) -%}
    {%- endfor -%}
{%- endfor -%}
{#- their periods wait for the anchor window already -#}
{%- set waits_for_window = metrics | selectattr('window.book', 'equalto', 'cohort')
    | map(attribute='name') | list %}

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

starts as (
    select * from {{ ref('int_northstar__starts') }}
),

cohorts as (
    select
        starts.metric_name,
        {{ northstar.cohort_start('starts.anchor_date', grains, 'metrics.grain') }}
            as cohort_start,
        count(*) as cohort_entities,
        sum(case when starts.anchor_source = 'first_seen' then 1 else 0 end)
            as first_seen_entities
        {%- for days in metrics_by_window | sort %}
        {%- set is_mature = northstar.add_seconds('starts.anchor_at', days * 86400)
            ~ ' <= watermark.followed_until' %},
        sum(case when {{ is_mature }} then 1 else 0 end) as mature_{{ days }},
        sum(
            case
                when starts.is_activated_{{ days }} and {{ is_mature }} then 1
                else 0
            end
        ) as activated_{{ days }}
        {%- endfor %}
    from starts
    inner join metrics on starts.metric_name = metrics.metric_name
    cross join watermark
    where metrics.window_kind in ('calendar', 'since_anchor')
    group by 1, 2
),

activated as (
    {%- for days, names in metrics_by_window | dictsort %}
    select
        metric_name,
        cohort_start,
        {{ days }} as window_days,
        cohort_entities,
        first_seen_entities,
        mature_{{ days }} as mature_entities,
        activated_{{ days }} as activated_entities
    from cohorts
    where
        metric_name in (
            {%- for name in names %}
            '{{ name }}'{{ ',' if not loop.last }}
            {%- endfor %}
        )
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

timed as (
    select
        activated.*,
        metrics.metric_version,
        metrics.grain,
        metrics.waiting_seconds
        {%- if waits_for_window %}
        + case
            when
                activated.metric_name in (
                    {%- for name in waits_for_window %}
                    '{{ name }}'{{ ',' if not loop.last }}
                    {%- endfor %}
                )
                then 0
            else activated.window_days * 86400
        end as waiting_seconds,
        {%- else %}
        + activated.window_days * 86400 as waiting_seconds,
        {%- endif %}
        {{ northstar.cohort_end('activated.cohort_start', grains, 'metrics.grain') }}
            as cohort_end
    from activated
    inner join metrics on activated.metric_name = metrics.metric_name
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
    window_days,
    cast(cohort_entities as bigint) as cohort_entities,
    cast(first_seen_entities as bigint) as first_seen_entities,
    cast(mature_entities as bigint) as mature_entities,
    cast(activated_entities as bigint) as activated_entities,
    {{ northstar.quotient('activated_entities', 'mature_entities') }}
        as activation_rate,
    {{ northstar.wilson_lower('activated_entities', 'mature_entities') }} as rate_lower,
    {{ northstar.wilson_upper('activated_entities', 'mature_entities') }} as rate_upper
from ended
