{#-
    Every local date from the first that a definition can book to the last, and the
    length of the longest window on either side, at least to where the first week begins.
    One row per date.
-#}

{{ config(materialized='northstar_table') }}

{%- set booked_at = northstar.event_metrics() | map(attribute='events') | sum(start=[])
    | map(attribute='at') | unique | reject('equalto', 'occurred_at') | list -%}
{%- set week = 6 -%}
{%- set margins = [week] -%}
{%- for metric in northstar.computed_metrics() if metric.window.days -%}
    {%- do margins.append(metric.window.days) -%}
{%- endfor %}

with

-- whether they are accepted is for the metrics to say: this is where to look
events as (
    {%- for relation in (
        'int_northstar__named_events', 'int_northstar__event_copies',
    ) %}
    select
        {%- for column in booked_at %}
        {{ column }},
        {%- endfor %}
        local_date
    from {{ ref(relation) }}
    where {{ northstar.is_named() }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

watermark as (
    select * from {{ ref('int_northstar__watermark') }}
    where watermark_at is not null
),

booked as (
    select
        min(local_date) as first_date,
        max(local_date) as last_date
    from events
    {%- for column in booked_at %}

    union all

    select
        min({{ northstar.local_date(column) }}) as first_date,
        max({{ northstar.local_date(column) }}) as last_date
    from events
    {%- endfor %}
    {%- if northstar.state_metrics() %}

    union all

    select
        min({{ northstar.local_date('valid_from') }}) as first_date,
        null as last_date
    from {{ ref('int_northstar__states') }}
    {%- endif %}

    union all

    select
        null as first_date,
        watermark_date as last_date
    from watermark
),

bounds as (
    select
        {{ northstar.add_days('min(first_date)', '-' ~ margins | max) }} as first_date,
        max(last_date) as last_date
    from booked
)

select {{ northstar.date_of_series('first_date', 'last_date') }} as local_date
from bounds {{ northstar.join_series('first_date', 'last_date') }}
where first_date is not null and last_date is not null
