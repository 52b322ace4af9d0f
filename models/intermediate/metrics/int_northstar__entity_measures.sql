{#-
    Steps 13 to 15. What each entity did in each period, and whether it qualifies: the
    measure, the threshold, the actors, period-time eligibility. One row per metric,
    entity and period; a second one (is_same_point) for the period before an open one,
    of what had been booked when as much of it had elapsed.

    contribution is what the row adds to an entity's share of the total; a null measure
    is a row whose events passed the window and left nothing to measure. growth_status
    is new, retained or resurrected where the entity qualifies, by calendar and rolling
    periods.

    Rows of an entity follow from its events alone, so a run replaces those of the
    entities touched; and what the watermark moves: the same point, and the periods of
    states that have begun since.
-#}

{{ config(
    materialized='northstar_incremental',
    meta={
        'northstar_storage': 'definitions',
        'northstar_changes': {
            'relation': 'int_northstar__touched_entities',
            'keys': ['entity_type', 'entity_id'],
            'rows': 'distinct',
        },
        'northstar_also_replaces': 'is_same_point',
    },
    pre_hook='{{ northstar.join_by_hash() }}',
) }}

{%- set metrics = northstar.computed_metrics() -%}
{%- set event_metrics = northstar.event_metrics() -%}
{%- set segments = northstar.mapped_segments() | map(attribute='column') | list -%}
{%- set uses_distinct = event_metrics | selectattr('distinct') | list -%}
{%- set uses_actors = event_metrics | selectattr('actors') | list -%}
{%- set has_lifetime = event_metrics | selectattr('window.kind', 'equalto', 'lifetime')
    | list -%}
{%- set has_calendar = event_metrics | selectattr('window.kind', 'equalto', 'calendar')
    | list -%}
{%- set has_rolling = metrics | selectattr('window.kind', 'equalto', 'rolling')
    | list -%}
{%- set order_by = [
    'booked_at',
    northstar.byte_order('event_id'),
    northstar.byte_order('source_name'),
] -%}
{%- set all_at_once = northstar.rebuilds('definitions') -%}
{%- set period_conditions = [] -%}
{%- for metric in metrics -%}
    {%- for condition in metric.when or []
        if condition.kind == 'state' and condition.at != 'event' -%}
        {%- do period_conditions.append((metric, condition)) -%}
    {%- endfor -%}
{%- endfor %}

with

metrics as (
    select * from {{ ref('int_northstar__metrics') }}
),

periods as (
    select * from {{ ref('int_northstar__periods') }}
),

qualifying_events as (
    select * from {{ ref('int_northstar__qualifying_events') }}
),
{% if not all_at_once %}
-- whose rows are replaced; the same point is everyone's
touched as (
    select
        metrics.metric_name,
        touched_entities.entity_id
    from {{ ref('int_northstar__touched_entities') }} as touched_entities
    inner join metrics on touched_entities.entity_type = metrics.entity_type
),
{% if northstar.state_metrics() %}
opened as (
    select
        metric_name,
        max(period_start) as last_start
    from {{ this }}
    where
        metric_name in (
            {%- for metric in northstar.state_metrics() %}
            '{{ metric.name }}'{{ ',' if not loop.last }}
            {%- endfor %}
        )
    group by metric_name
),
{% endif %}
{% endif %}
recounted as (
    select qualifying_events.*
    from qualifying_events
    {%- if not all_at_once %}
    inner join touched
        on
            qualifying_events.metric_name = touched.metric_name
            and qualifying_events.entity_id = touched.entity_id
    {%- endif %}
),
{% if has_calendar %}
-- the period before each open one, up to the same point of it
same_point as (
    select
        metrics.metric_name,
        periods.previous_start,
        periods.same_point_at
    from metrics
    inner join periods on metrics.window_name = periods.window_name
    where metrics.window_kind = 'calendar' and periods.same_point_at is not null
),

events as (
    select
        *,
        false as is_same_point
    from recounted

    union all

    select
        qualifying_events.*,
        true as is_same_point
    from qualifying_events
    inner join same_point
        on
            qualifying_events.metric_name = same_point.metric_name
            and qualifying_events.period_start = same_point.previous_start
            and qualifying_events.booked_at < same_point.same_point_at
),
{% else %}
events as (
    select
        *,
        false as is_same_point
    from recounted
),
{% endif %}
measured as (
    select
        events.metric_name,
        events.entity_id,
        events.period_start,
        events.is_same_point,
        {%- if uses_distinct %}
        count(
            distinct case when events.amount is not null then events.distinct_value end
        ) as distinct_values,
        {%- endif %}
        {{ northstar.additive('sum(events.amount)') }} as amount,
        {%- if uses_actors %}
        count(
            distinct case when events.amount is not null then events.actor_id end
        ) as actors,
        {%- endif %}
        {%- for segment in segments %}
        {{ northstar.first_by(
            "case when events.amount is not null then nullif(events." ~ segment
            ~ ", '') end", order_by
        ) }} as {{ segment }},
        {%- endfor %}
        max(
            case when events.amount is not null and not events.is_void then 1 else 0 end
        ) = 1 as has_event
    from events
    group by
        events.metric_name, events.entity_id, events.period_start, events.is_same_point
),

counted as (
    select
        measured.metric_name,
        measured.entity_id,
        measured.period_start,
        measured.is_same_point,
        {%- if uses_distinct %}
        case
            when
                metrics.measure_kind = 'distinct'
                and metrics.window_kind <> 'lifetime'
                and measured.amount is not null
                then measured.distinct_values
            else measured.amount
        end as measure,
        {%- else %}
        measured.amount as measure,
        {%- endif %}
        {{ 'measured.actors' if uses_actors else '0' }} as actors,
        {%- for segment in segments %}
        measured.{{ segment }},
        {%- endfor %}
        measured.has_event
    from measured
    inner join metrics on measured.metric_name = metrics.metric_name
    {%- if northstar.state_metrics() %}

    union all

    select
        state_periods.metric_name,
        state_periods.entity_id,
        state_periods.period_start,
        false as is_same_point,
        state_periods.measure,
        0 as actors,
        {%- for segment in segments %}
        cast(null as {{ northstar.text_type() }}) as {{ segment }},
        {%- endfor %}
        true as has_event
    from {{ ref('int_northstar__state_periods') }} as state_periods
    {%- if not all_at_once %}
    left join touched
        on
            state_periods.metric_name = touched.metric_name
            and state_periods.entity_id = touched.entity_id
    left join opened on state_periods.metric_name = opened.metric_name
    where
        touched.entity_id is not null
        or opened.last_start is null
        or state_periods.period_start > opened.last_start
    {%- endif %}
    {%- endif %}
),
{% if has_lifetime %}
{%- set life = 'partition by counted.metric_name, counted.entity_id,\n'
    ~ '                    counted.measure is null\n'
    ~ '                order by counted.period_start' %}
-- a lifetime's measure runs on
cumulated as (
    select
        counted.metric_name,
        counted.entity_id,
        counted.period_start,
        counted.is_same_point,
        case
            when metrics.window_kind = 'lifetime' and counted.measure is not null
                then {{ northstar.additive(
                    'sum(counted.measure) over (\n                    ' ~ life
                    ~ '\n                )'
                ) }}
            else counted.measure
        end as measure,
        case
            when metrics.window_kind = 'lifetime'
                then sum(counted.actors) over (
                    {{ life }}
                )
            else counted.actors
        end as actors,
        {%- for segment in segments %}
        case
            when metrics.window_kind <> 'lifetime' then counted.{{ segment }}
        end as {{ segment }},
        {%- endfor %}
        case
            when metrics.window_kind = 'lifetime'
                then max(case when counted.has_event then 1 else 0 end) over (
                    {{ life }}
                ) = 1
            else counted.has_event
        end as has_event
    from counted
    inner join metrics on counted.metric_name = metrics.metric_name
),
{% else %}
cumulated as (
    select * from counted
),
{% endif %}
{%- for metric, condition in period_conditions %}
{%- set since_anchor = metric.window.kind == 'since_anchor' %}
{%- set starts_at = 'anchors.anchor_at' if since_anchor else 'periods.starts_at' %}
{%- set ends_at = northstar.add_seconds('anchors.anchor_at', metric.window.seconds)
    if since_anchor else 'periods.ends_at' %}
-- {{ metric.name }}: {{ condition.at }}
eligible_{{ loop.index }} as (
    select distinct
        cumulated.entity_id,
        cumulated.period_start
    from cumulated
    {%- if since_anchor %}
    inner join {{ ref('int_northstar__entities') }} as anchors
        on
            anchors.entity_type = '{{ metric.entity }}'
            and cumulated.entity_id = anchors.entity_id
    {%- else %}
    inner join periods
        on
            periods.window_name = '{{ metric.window.name }}'
            and cumulated.period_start = periods.period_start
    {%- endif %}
    inner join {{ ref('int_northstar__merged_states') }} as states
        on
            states.entity_type = '{{ metric.entity }}'
            and states.state = {{ northstar.string_literal(condition.state) }}
            and cumulated.entity_id = states.entity_id
            {%- if condition.at == 'period_end' %}
            and {{ ends_at }} > states.valid_from
            and (states.valid_to is null or {{ ends_at }} <= states.valid_to)
            {%- elif condition.at == 'period_any' %}
            and {{ ends_at }} > states.valid_from
            and (states.valid_to is null or {{ starts_at }} < states.valid_to)
            {%- else %}
            and {{ starts_at }} >= states.valid_from
            and (states.valid_to is null or {{ ends_at }} <= states.valid_to)
            {%- endif %}
    where cumulated.metric_name = '{{ metric.name }}'
),
{% endfor %}
eligible as (
    select
        cumulated.metric_name,
        metrics.entity_type,
        cumulated.entity_id,
        cumulated.period_start,
        cumulated.is_same_point,
        cumulated.measure,
        cumulated.has_event,
        {%- for segment in segments %}
        cumulated.{{ segment }},
        {%- endfor %}
        cumulated.measure is not null
        and (metrics.at_least is null or cumulated.measure >= metrics.at_least)
        and cumulated.actors >= metrics.actors_at_least
        {%- for metric, condition in period_conditions %}
        and (
            cumulated.metric_name <> '{{ metric.name }}'
            or eligible_{{ loop.index }}.entity_id is not null
        )
        {%- endfor %} as is_counted,
        metrics.window_kind
    from cumulated
    inner join metrics on cumulated.metric_name = metrics.metric_name
    {%- for metric, condition in period_conditions %}
    left join eligible_{{ loop.index }}
        on
            cumulated.metric_name = '{{ metric.name }}'
            and cumulated.entity_id = eligible_{{ loop.index }}.entity_id
            and cumulated.period_start = eligible_{{ loop.index }}.period_start
    {%- endfor %}
),
{% if has_lifetime %}
-- and has a row where the measure or the qualifying changed
followed as (
    select
        *,
        lag(measure) over (
            partition by metric_name, entity_id, measure is null order by period_start
        ) as previous_measure,
        lag(is_counted) over (
            partition by metric_name, entity_id, measure is null order by period_start
        ) as was_counted
    from eligible
),
{% endif %}
judged as (
    select
        metric_name,
        entity_type,
        entity_id,
        period_start,
        is_same_point,
        measure,
        is_counted and has_event as is_qualified,
        case when is_counted then measure end as contribution,
        {%- for segment in segments %}
        {{ segment }},
        {%- endfor %}
        window_kind
    {%- if has_lifetime %}
    from followed
    where
        window_kind <> 'lifetime'
        or measure is null
        or previous_measure is null
        or measure <> previous_measure
        or is_counted <> was_counted
    {%- else %}
    from eligible
    {%- endif %}
),

-- growth status is a matter of the periods in which an entity qualified
growing as (
    select
        judged.*,
        periods.period_end,
        periods.previous_start,
        judged.is_qualified
        and judged.measure is not null
        and not judged.is_same_point
        and metrics.is_published
        and metrics.window_kind in ('calendar', 'rolling') as grows
    from judged
    inner join metrics on judged.metric_name = metrics.metric_name
    left join periods
        on
            metrics.window_name = periods.window_name
            and judged.period_start = periods.period_start
),

followed_up as (
    select
        *,
        min(period_end) over (
            partition by metric_name, entity_id, grows
        ) as first_end,
        lag(period_start) over (
            partition by metric_name, entity_id, grows order by period_start
        ) as last_start
    from growing
)
{%- if has_rolling %},

-- the window before a rolling one is not the last in which the entity qualified
rolled as (
    select
        metric_name,
        entity_id,
        period_start
    from growing
    where grows and window_kind = 'rolling'
)
{%- endif %}

select
    followed_up.metric_name,
    followed_up.entity_type,
    followed_up.entity_id,
    followed_up.period_start,
    followed_up.is_same_point,
    followed_up.measure,
    followed_up.is_qualified,
    followed_up.contribution,
{%- for segment in segments %}
    coalesce(followed_up.{{ segment }}, '(unknown)') as {{ segment }},
{%- endfor %}
    case
        when not followed_up.grows then null
        when followed_up.first_end > followed_up.period_start then 'new'
        {%- if has_rolling %}
        when rolled.entity_id is not null then 'retained'
        when followed_up.window_kind = 'rolling' then 'resurrected'
        {%- endif %}
        when followed_up.last_start = followed_up.previous_start then 'retained'
        else 'resurrected'
    end as growth_status
from followed_up
{%- if has_rolling %}
left join rolled
    on
        followed_up.grows
        and followed_up.metric_name = rolled.metric_name
        and followed_up.entity_id = rolled.entity_id
        and followed_up.previous_start = rolled.period_start
{%- endif %}
