{#-
    What the drivers are made of: the events of driver metrics that passed step 12 and
    have something to measure, each booked once. A net void is a row of its own, at its
    own time. One row per metric and event.

    eligible_at is when the event was booked, also on the row of a net void.
-#}

{{ config(
    materialized='northstar_incremental',
    meta={
        'northstar_storage': 'definitions',
        'northstar_changes': {
            'relation': 'int_northstar__touched_entities',
            'keys': ['entity_type', 'entity_id'],
        },
    },
    enabled=northstar.booked_metrics() | length > 0,
) }}

{%- set metrics = northstar.booked_metrics() -%}
{%- set event_metrics = northstar.event_metrics() -%}
{%- set nothing = 'cast(null as ' ~ northstar.text_type() ~ ')' %}

with

qualifying_events as (
    select * from {{ ref('int_northstar__qualifying_events') }}
    where
        metric_name in (
            {%- for metric in metrics %}
            '{{ metric.name }}'{{ ',' if not loop.last }}
            {%- endfor %}
        )
        and amount is not null
),

metrics as (
    select * from {{ ref('int_northstar__metrics') }}
),

booked as (
    select
        qualifying_events.metric_name,
        metrics.entity_type,
        qualifying_events.entity_id,
        qualifying_events.booked_at,
        qualifying_events.booked_date,
        qualifying_events.period_start,
        qualifying_events.eligible_at,
        qualifying_events.event_id,
        qualifying_events.event_name,
        qualifying_events.source_name,
        {{ northstar.rounded('qualifying_events.amount') }} as amount,
        {{ 'qualifying_events.distinct_value'
            if event_metrics | selectattr('distinct') | list
            else nothing }} as distinct_value,
        {{ 'qualifying_events.actor_id' if event_metrics | selectattr('actors') | list
            else nothing }} as actor_id,
        qualifying_events.is_void
    from qualifying_events
    inner join metrics on qualifying_events.metric_name = metrics.metric_name
)

select booked.*
from booked
{%- if not northstar.rebuilds('definitions') %}
inner join {{ ref('int_northstar__touched_entities') }} as touched
    on
        booked.entity_type = touched.entity_type
        and booked.entity_id = touched.entity_id
{%- endif %}
