{#-
    The periods of every window that a definition uses, with their instants and how far
    the watermark has come in each. One row per window and period.

    is_reached is false for rolling windows that have not begun to count: entities have
    measures in them already, so that these depend on the entity alone. same_point_at is
    the instant of the period before at which as much of it had
    elapsed; only open calendar periods have one.
-#}

{{ config(materialized='northstar_table') }}

{%- set windows = {} -%}
{%- for metric in northstar.computed_metrics() -%}
    {%- do windows.update({metric.window.name: metric.window}) -%}
{%- endfor %}

with

days as (
    select * from {{ ref('int_northstar__days') }}
),

watermark as (
    select * from {{ ref('int_northstar__watermark') }}
    where watermark_at is not null
),

periods as (
    {%- for name, window in windows.items() %}
    {%- if window.kind == 'rolling' %}
    select
        '{{ name }}' as window_name,
        local_date as period_start,
        {{ northstar.add_days('local_date', window.days) }} as period_end,
        {{ northstar.add_days(
            'local_date',
            '-' ~ ((window.days + window.step_days - 1) // window.step_days
                * window.step_days)
        ) }} as previous_start,
        {{ northstar.add_days('local_date', window.days - window.step_days) }}
            as opens_after
    from days
    {%- if window.step_days > 1 %}
    where
        {{ northstar.modulo(
            northstar.days_between(northstar.first_week_start(), 'local_date'),
            window.step_days
        ) }} = 0
    {%- endif %}
    {%- else %}
    select distinct
        '{{ name }}' as window_name,
        {{ northstar.period_start('local_date', name) }} as period_start,
        {{ northstar.period_end(
            '(' ~ northstar.period_start('local_date', name) ~ ')', name
        ) }} as period_end,
        {{ northstar.period_start(
            '(' ~ northstar.add_days(
                '(' ~ northstar.period_start('local_date', name) ~ ')', -1
            ) ~ ')', name
        ) }} as previous_start,
        cast(null as date) as opens_after
    from days
    {%- endif %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

timed as (
    select
        window_name,
        period_start,
        period_end,
        previous_start,
        {{ northstar.local_midnight('period_start') }} as starts_at,
        {{ northstar.local_midnight('period_end') }} as ends_at,
        {{ northstar.local_midnight('previous_start') }} as previous_starts_at,
        {{ northstar.local_midnight('opens_after') }} as opens_after_at
    from periods
),

measured as (
    select
        timed.*,
        watermark.watermark_at,
        watermark.watermark_at < timed.ends_at as is_open,
        {{ northstar.seconds_between('timed.starts_at', 'timed.ends_at') }}
            as length_seconds,
        {{ northstar.seconds_between('timed.previous_starts_at', 'timed.starts_at') }}
            as previous_length_seconds,
        case
            when watermark.watermark_at >= timed.ends_at
                then {{ northstar.seconds_between('timed.starts_at', 'timed.ends_at') }}
            when watermark.watermark_at <= timed.starts_at then 0
            else {{ northstar.seconds_between(
                'timed.starts_at', 'watermark.watermark_at'
            ) }}
        end as elapsed_seconds
    from timed
    cross join watermark
)

select
    window_name,
    period_start,
    period_end,
    previous_start,
    starts_at,
    ends_at,
    watermark_at,
    is_open,
    -- the last rolling window is the first that ends at or after the watermark
    opens_after_at is null or opens_after_at < watermark_at as is_reached,
    {{ northstar.quotient('elapsed_seconds', 'length_seconds') }} as elapsed_share,
    case
        when is_open and opens_after_at is null
            then
                {{ northstar.add_seconds(
                    'previous_starts_at',
                    northstar.whole_quotient(
                        'elapsed_seconds * previous_length_seconds', 'length_seconds'
                    )
                ) }}
    end as same_point_at
from measured
