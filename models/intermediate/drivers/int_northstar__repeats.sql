{#-
    The first ten events of each entity, and the one after each: what `nth` ranks, so
    before it and before any condition. An excluding void has taken its events out; a
    net void leaves them their place. One row per metric, entity and rank.
-#}

{%- set metrics = northstar.driver_metrics('calendar') -%}

{{ config(
    materialized='northstar_incremental',
    meta={
        'northstar_storage': 'definitions',
        'northstar_changes': {
            'relation': 'int_northstar__touched_entities',
            'keys': ['entity_type', 'entity_id'],
            'rows': 'distinct',
        },
    },
    enabled=metrics | length > 0,
) }}

{%- set steps = 10 -%}
{%- set all_at_once = northstar.rebuilds('definitions') -%}
{#- where every event passes steps 10 to 13, they are the bookings -#}
{%- set booked = [] -%}
{%- set filtered = [] -%}
{%- for metric in metrics -%}
    {%- if metric.measure != 'count' or metric.nth
        or metric.when | length > northstar.period_conditions(metric) | length -%}
        {%- do filtered.append(metric) -%}
    {%- else -%}
        {%- do booked.append(metric) -%}
    {%- endif -%}
{%- endfor %}

with

{% if not all_at_once -%}
touched as (
    select * from {{ ref('int_northstar__touched_entities') }}
),

{% endif -%}
{% if booked -%}
bookings as (
    select * from {{ ref('int_northstar__bookings') }}
    where not is_void
),
{% endif -%}
{% if filtered %}
events as (
    select * from {{ ref('int_northstar__recounted_events') }}
),
{%- for metric in filtered %}
{%- set name = metric.name %}
{%- set excludes = metric.void is not none and metric.void.mode == 'exclude' %}

-- {{ name }}: step 8, the events it names
{{ name }}__found as (
    select
        {{ northstar.entity_id(metric) }} as entity_id,
        {{ northstar.booked_at(metric) }} as booked_at,
        {{ northstar.booked_date(metric) }} as booked_date,
        event_id,
        source_name,
        {{ northstar.canonical_column(metric.void.key) if excludes
            else 'cast(null as ' ~ northstar.text_type() ~ ')' }} as void_key
    from events
    where
        {{ northstar.event_predicate(metric) }}
        and {{ northstar.booked_at(metric) }} is not null
        {%- if all_at_once %}
        and {{ northstar.entity_id(metric) }} is not null
        {%- else %}
        and {{ northstar.entity_id(metric) }} in (
            select touched.entity_id
            from touched
            where touched.entity_type = '{{ metric.entity }}'
        )
        {%- endif %}
),

-- {{ name }}: step 9, without what was voided
{{ name }}__standing as (
    select
        found.entity_id,
        found.booked_at,
        {{ northstar.period_start('found.booked_date', metric.window.grain) }}
            as period_start,
        found.event_id,
        found.source_name
    from {{ name }}__found as found
    {%- if excludes %}
    where not exists (
        select 1
        from events as voids
        where
            voids.event_name = {{ northstar.string_literal(metric.void.event) }}
            and voids.{{ northstar.canonical_column(metric.void.key) }} = found.void_key
            and voids.occurred_at >= found.booked_at
            {%- if metric.void.within_days %}
            and voids.occurred_at < {{ northstar.add_seconds(
                'found.booked_at', metric.void.within_days * 86400) }}
            {%- endif %}
    )
    {%- endif %}
),
{%- endfor %}
{% endif %}
standing as (
    {%- if booked %}
    select
        bookings.metric_name,
        bookings.entity_type,
        bookings.entity_id,
        bookings.booked_at,
        bookings.period_start,
        bookings.event_id,
        bookings.source_name
    from bookings
    {%- if not all_at_once %}
    inner join touched
        on
            bookings.entity_type = touched.entity_type
            and bookings.entity_id = touched.entity_id
    {%- endif %}
    where
        bookings.metric_name in (
            {%- for metric in booked %}
            '{{ metric.name }}'{{ ',' if not loop.last }}
            {%- endfor %}
        )
    {%- endif %}
    {%- for metric in filtered %}
    {{ 'union all' if booked or not loop.first }}
    select
        '{{ metric.name }}' as metric_name,
        '{{ metric.entity }}' as entity_type,
        entity_id,
        booked_at,
        period_start,
        event_id,
        source_name
    from {{ metric.name }}__standing
    {%- endfor %}
),

ranked as (
    select
        metric_name,
        entity_type,
        entity_id,
        row_number() over (
            partition by metric_name, entity_id
            order by
                booked_at,
                {{ northstar.byte_order('event_id') }},
                {{ northstar.byte_order('source_name') }}
        ) as n,
        period_start,
        booked_at,
        lead(booked_at) over (
            partition by metric_name, entity_id
            order by
                booked_at,
                {{ northstar.byte_order('event_id') }},
                {{ northstar.byte_order('source_name') }}
        ) as next_booked_at
    from standing
)

select * from ranked
where n <= {{ steps }}
