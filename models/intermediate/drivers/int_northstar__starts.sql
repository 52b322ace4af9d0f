{#-
    When each entity began, and when it first met the definition: what activation, time
    to value and the pools of growth accounting are counted from. One row per driver
    metric and entity of its type.

    reached_at          the event at which all that was booked since the anchor first
                        met the definition; calendar metrics
    is_activated_<n>    whether it qualified within n days of its anchor
    first_period_start  the first period in which it qualified; calendar and rolling
-#}

{%- set metrics = northstar.driver_metrics('calendar', 'rolling', 'since_anchor') -%}

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

{%- set windows = [] -%}
{%- for metric in metrics if metric.window.kind != 'rolling' -%}
    {%- do windows.extend(northstar.activation_windows(metric)) -%}
{%- endfor -%}
{%- set windows = windows | unique | sort | list -%}
{%- set calendar = northstar.driver_metrics('calendar') -%}
{%- set by_time = 'booked_at, ' ~ northstar.byte_order('event_id') ~ ', '
    ~ northstar.byte_order('source_name') -%}
{#- at one instant, what happened comes before what takes it back -#}
{%- set by_time_voids_last = by_time.replace('booked_at, ', 'booked_at, is_void, ') %}

with

entities as (
    select entities.*
    from {{ ref('int_northstar__entities') }} as entities
    {%- if not northstar.rebuilds('definitions') %}
    inner join {{ ref('int_northstar__touched_entities') }} as touched
        on
            entities.entity_type = touched.entity_type
            and entities.entity_id = touched.entity_id
    {%- endif %}
),

entity_measures as (
    select * from {{ ref('int_northstar__entity_measures') }}
    where is_qualified and not is_same_point
),
{% if calendar %}
bookings as (
    select * from {{ ref('int_northstar__bookings') }}
),
{% endif %}
started as (
    select
        entity_type,
        entity_id,
        anchor_at,
        anchor_source,
        {{ northstar.local_date('anchor_at') }} as anchor_date,
        {{ northstar.local_date('first_seen_at') }} as first_seen_date
    from entities
    where
        entity_type in (
            {%- for entity_type in metrics | map(attribute='entity') | unique %}
            '{{ entity_type }}'{{ ',' if not loop.last }}
            {%- endfor %}
        )
),

-- a metric since the anchor has one row per entity, in whatever period it is booked
first_qualified as (
    select
        entity_measures.metric_name,
        entity_measures.entity_id,
        min(entity_measures.period_start) as first_period_start
    from entity_measures
    inner join started
        on
            entity_measures.entity_type = started.entity_type
            and entity_measures.entity_id = started.entity_id
    where
        entity_measures.metric_name in (
            {%- for metric in metrics %}
            '{{ metric.name }}'{{ ',' if not loop.last }}
            {%- endfor %}
        )
    group by entity_measures.metric_name, entity_measures.entity_id
),
{%- for metric in calendar %}
{%- set name = metric.name %}
{%- set conditions = northstar.period_conditions(metric) %}

-- {{ name }}: what was booked since the anchor
{{ name }}__since as (
    select
        bookings.*,
        started.anchor_at
    from bookings
    inner join started
        on
            bookings.metric_name = '{{ name }}'
            and started.entity_type = '{{ metric.entity }}'
            and bookings.entity_id = started.entity_id
            and bookings.booked_at >= started.anchor_at
),
{%- if not northstar.is_monotone(metric) %}

-- {{ name }}: each window after the anchor, as if it were a period
{{ name }}__windows as (
    {%- for days in northstar.activation_windows() %}
    {%- set ends_at = northstar.add_seconds('anchor_at', days * 86400) %}
    select
        entity_id,
        {{ days }} as window_days
    from {{ name }}__since as since
    where
        booked_at < {{ ends_at }}
        {{ northstar.holds_in_window(
            metric, 'since.entity_id', 'since.anchor_at',
            northstar.add_seconds('since.anchor_at', days * 86400)
        ) }}
    group by entity_id
    having {{ northstar.qualifies(metric) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),
{%- endif %}
{%- set since = name ~ '__since' %}
{%- if conditions %}

-- {{ name }}: without a period, its conditions are asked of the event
{{ name }}__eligible as (
    select *
    from {{ since }} as since
    where
        {%- for condition in conditions %}
        {{ 'and ' if not loop.first }}exists (
            select 1
            from {{ ref('int_northstar__states') }} as states
            where
                states.entity_type = '{{ metric.entity }}'
                and states.state = {{ northstar.string_literal(condition.state) }}
                and states.entity_id = since.entity_id
                and states.valid_from <= since.eligible_at
                and (states.valid_to is null or states.valid_to > since.eligible_at)
        )
        {%- endfor %}
),
{%- set since = name ~ '__eligible' %}
{%- endif %}
{%- if not northstar.is_met_at_once(metric) %}

-- {{ name }}: what had come together with each event
{{ name }}__steps as (
    select
        *,
        {%- if metric.distinct %}
        case
            when row_number() over (
                partition by entity_id, distinct_value order by {{ by_time }}
            ) = 1 then 1
            else 0
        end as step,
        {%- else %}
        amount as step,
        {%- endif %}
        {%- if metric.actors %}
        case
            when
                actor_id is not null
                and row_number() over (
                    partition by entity_id, actor_id order by {{ by_time }}
                ) = 1
                then 1
            else 0
        end as actor_step
        {%- else %}
        0 as actor_step
        {%- endif %}
    from {{ since }}
),

{{ name }}__running as (
    select
        entity_id,
        booked_at,
        is_void,
        sum(step) over (
            partition by entity_id order by {{ by_time_voids_last }}
            rows between unbounded preceding and current row
        ) as running_measure,
        sum(actor_step) over (
            partition by entity_id order by {{ by_time_voids_last }}
            rows between unbounded preceding and current row
        ) as running_actors
    from {{ name }}__steps
),
{%- set since = name ~ '__running' %}
{%- endif %}

{{ name }}__reached as (
    select
        entity_id,
        min(booked_at) as reached_at
    from {{ since }}
    where
        not is_void
        {%- if not northstar.is_met_at_once(metric) %}
        {%- if metric.at_least is not none %}
        and running_measure >= {{ metric.at_least }}
        {%- endif %}
        {%- if metric.actors %}
        and running_actors >= {{ metric.actors.at_least or 1 }}
        {%- endif %}
        {%- endif %}
    group by entity_id
),
{%- if not northstar.is_monotone(metric) %}

{{ name }}__activated as (
    select
        entity_id,
        {%- for days in northstar.activation_windows() %}
        max(case when window_days = {{ days }} then 1 else 0 end)
            as is_activated_{{ days }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ name }}__windows
    group by entity_id
),
{%- endif %}
{%- endfor %}

starts as (
    {%- for metric in metrics %}
    {%- set name = metric.name %}
    {%- set kind = metric.window.kind %}
    {%- set is_monotone = northstar.is_monotone(metric) %}
    select
        '{{ name }}' as metric_name,
        started.entity_type,
        started.entity_id,
        started.anchor_at,
        started.anchor_source,
        started.anchor_date,
        started.first_seen_date,
        {{ 'reached.reached_at' if kind == 'calendar'
            else 'cast(null as ' ~ northstar.instant_type() ~ ') as reached_at' }},
        {%- for days in windows %}
        {%- if kind == 'rolling' or days not in northstar.activation_windows(metric) %}
        false
        {%- elif kind == 'since_anchor' %}
        first_qualified.first_period_start is not null
        {%- elif is_monotone %}
        coalesce(reached.reached_at < {{ northstar.add_seconds(
            'started.anchor_at', days * 86400) }}, false)
        {%- else %}
        coalesce(activated.is_activated_{{ days }} = 1, false)
        {%- endif %} as is_activated_{{ days }},
        {%- endfor %}
        {{ 'cast(null as date) as ' if kind == 'since_anchor'
            else 'first_qualified.' }}first_period_start
    from started
    left join first_qualified
        on
            first_qualified.metric_name = '{{ name }}'
            and started.entity_id = first_qualified.entity_id
    {%- if kind == 'calendar' %}
    left join {{ name }}__reached as reached
        on started.entity_id = reached.entity_id
    {%- if not is_monotone %}
    left join {{ name }}__activated as activated
        on started.entity_id = activated.entity_id
    {%- endif %}
    {%- endif %}
    where started.entity_type = '{{ metric.entity }}'
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select * from starts
