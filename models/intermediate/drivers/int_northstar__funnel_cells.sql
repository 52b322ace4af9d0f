{#-
    Funnels, in all and by the value of each segment. Events of an entity are numbered in
    their order, so that the next step is the smallest number that is not yet taken; rows
    of one instant may follow each other in any order, and rows without an id are told
    apart. One row per funnel, period of entry, step, segment and value; both are null
    for all together.

    An entity has one value of a segment in a period: the first that is known among its
    events of step 1 in it; in the funnel that comes with the North Star, the first that
    was ever known of it. What comes later cannot choose it, or those who get further
    would be known better.
-#}

{{ config(
    materialized='northstar_table',
    enabled=northstar.funnels() | length > 0,
) }}

{%- set funnels = northstar.funnels() -%}
{%- set written = funnels | rejectattr('metric') | list -%}
{%- set segments = northstar.mapped_segments() -%}
{%- set told_apart = segments + ([northstar.growth_segment()] if written else []) -%}
{%- set grace = (var('northstar_grace_hours') * 3600) | int -%}
{%- set no_text = 'cast(null as ' ~ northstar.text_type() ~ ')' %}

with
{% if written %}
events as (
    select * from {{ ref('int_northstar__events') }}
    where disposition = 'accepted'
),
{% endif %}
{%- if written | length < funnels | length %}
anchored as (
    select * from {{ ref('int_northstar__starts') }}
    where anchor_source = 'anchor'
),

entities as (
    select * from {{ ref('int_northstar__entities') }}
),

bookings as (
    select * from {{ ref('int_northstar__bookings') }}
    where not is_void
),
{% endif %}
watermark as (
    select * from {{ ref('int_northstar__watermark') }}
    where watermark_at is not null
),
{% for funnel in funnels %}
{%- set name = 'funnel_' ~ loop.index -%}
{%- if funnel.metric %}
-- {{ name }}: from the anchor to the first event that counts
{{ name }}_started as (
    select
        anchored.entity_id,
        {{ northstar.period_start('anchored.anchor_date', funnel.grain) }}
            as cohort_start,
        anchored.anchor_at as reached_at_1,
        {{ northstar.add_seconds('anchored.anchor_at', funnel.seconds) }} as ends_at,
        {%- for segment in segments %}
        entities.{{ segment.column }},
        {%- endfor %}
        {{ no_text }} as growth_status
    from anchored
    inner join entities
        on
            anchored.entity_type = entities.entity_type
            and anchored.entity_id = entities.entity_id
    where anchored.metric_name = '{{ funnel.metric }}'
),

{{ name }}_valued as (
    select
        started.entity_id,
        min(bookings.booked_at) as reached_at_2
    from {{ name }}_started as started
    inner join bookings
        on
            bookings.metric_name = '{{ funnel.metric }}'
            and started.entity_id = bookings.entity_id
            and started.reached_at_1 <= bookings.booked_at
            and started.ends_at > bookings.booked_at
    group by started.entity_id
),

{{ name }}_step_2 as (
    select
        started.*,
        valued.reached_at_2
    from {{ name }}_started as started
    left join {{ name }}_valued as valued on started.entity_id = valued.entity_id
),
{%- else %}
{%- set entity_id = northstar.canonical_column(funnel.entity_column) %}
-- {{ name }}: the events that are a step of it
{{ name }}_events as (
    select
        {{ entity_id }} as entity_id,
        occurred_at,
        local_date,
        {%- for step in funnel.steps %}
        coalesce({{ northstar.entry_predicate(step) }}, false)
            as is_step_{{ loop.index }},
        {%- endfor %}
        {%- for segment in segments %}
        {{ northstar.segment_value(segment) }},
        {%- endfor %}
        event_id,
        source_name
    from events
    where
        {{ entity_id }} is not null
        and event_name in (
            {%- for event in funnel.steps | map(attribute='event') | unique %}
            {{ northstar.string_literal(event) }}{{ ',' if not loop.last }}
            {%- endfor %}
        )
),

{{ name }}_numbered as (
    select
        *,
        row_number() over (
            partition by entity_id
            order by
                occurred_at,
                {{ northstar.byte_order('event_id') }},
                {{ northstar.byte_order('source_name') }},
                {%- for step in funnel.steps %}
                is_step_{{ loop.index }}{{ ',' if not loop.last }}
                {%- endfor %}
        ) as event_number
    from {{ name }}_events
),

-- {{ name }}: an entity enters once a period
{{ name }}_entries as (
    select
        entity_id,
        {{ northstar.period_start('local_date', funnel.grain) }} as cohort_start,
        {%- for segment in segments %}
        coalesce({{ northstar.first_by(
            "nullif(" ~ segment.column ~ ", '')",
            ['occurred_at', northstar.byte_order('event_id'),
                northstar.byte_order('source_name')],
        ) }}, '(unknown)') as {{ segment.column }},
        {%- endfor %}
        min(event_number) as number_1
    from {{ name }}_numbered
    where is_step_1
    group by entity_id, {{ northstar.period_start('local_date', funnel.grain) }}
),

{{ name }}_grown as (
    select
        *,
        lag(cohort_start) over (
            partition by entity_id order by cohort_start
        ) as entered_before
    from {{ name }}_entries
),

{{ name }}_step_1 as (
    select
        entries.entity_id,
        entries.cohort_start,
        {%- for segment in segments %}
        entries.{{ segment.column }},
        {%- endfor %}
        case
            when entries.entered_before is null then 'new'
            when
                entries.entered_before = {{ northstar.period_start(
                    '(' ~ northstar.add_days('entries.cohort_start', -1) ~ ')',
                    funnel.grain
                ) }}
                then 'retained'
            else 'resurrected'
        end as growth_status,
        entries.number_1,
        numbered.occurred_at as reached_at_1,
        {{ northstar.add_seconds('numbered.occurred_at', funnel.seconds) }} as ends_at
    from {{ name }}_grown as entries
    inner join {{ name }}_numbered as numbered
        on
            entries.entity_id = numbered.entity_id
            and entries.number_1 = numbered.event_number
),
{%- for step in funnel.steps[1:] %}
{%- set number = loop.index + 1 %}

{{ name }}_next_{{ number }} as (
    select
        taken.entity_id,
        taken.cohort_start,
        min(numbered.event_number) as event_number
    from {{ name }}_step_{{ number - 1 }} as taken
    inner join {{ name }}_numbered as numbered
        on
            taken.entity_id = numbered.entity_id
            and taken.reached_at_{{ number - 1 }} <= numbered.occurred_at
            and taken.ends_at > numbered.occurred_at
            {%- for earlier in range(1, number) %}
            and taken.number_{{ earlier }} <> numbered.event_number
            {%- endfor %}
    where numbered.is_step_{{ number }}
    group by taken.entity_id, taken.cohort_start
),

{{ name }}_step_{{ number }} as (
    select
        taken.*,
        numbered.event_number as number_{{ number }},
        numbered.occurred_at as reached_at_{{ number }}
    from {{ name }}_step_{{ number - 1 }} as taken
    left join {{ name }}_next_{{ number }} as upcoming
        on
            taken.entity_id = upcoming.entity_id
            and taken.cohort_start = upcoming.cohort_start
    left join {{ name }}_numbered as numbered
        on
            upcoming.entity_id = numbered.entity_id
            and upcoming.event_number = numbered.event_number
),
{%- endfor %}
{%- endif %}

-- {{ name }}: those whose window has ended
{{ name }}_journeys as (
    select
        journeys.*,
        watermark.watermark_at
        >= {{ northstar.add_seconds('journeys.ends_at', grace) }} as is_mature
    from {{ name }}_step_{{ funnel.steps | length }} as journeys
    cross join watermark
),
{% endfor %}
-- one row for each who entered and each step, taken or not
taken as (
    {%- for funnel in funnels %}
    {%- set name = 'funnel_' ~ loop.index -%}
    {%- set is_last_funnel = loop.last -%}
    {%- for step in funnel.steps %}
    {%- set number = loop.index %}
    select
        {{ northstar.text_literal(funnel.name) }} as funnel_name,
        '{{ funnel.entity }}' as entity_type,
        '{{ funnel.grain }}' as grain,
        cohort_start,
        {{ northstar.period_end('cohort_start', funnel.grain) }} as period_end,
        cast({{ funnel.seconds }} as bigint) as window_seconds,
        {{ number }} as step,
        {{ northstar.text_literal(step.event) }} as step_event,
        {%- for segment in segments %}
        {{ segment.column }},
        {%- endfor %}
        growth_status,
        case when is_mature then 1 else 0 end as is_entered,
        case when is_mature and reached_at_{{ number }} is not null then 1 else 0 end
            as is_reached,
        {%- if number == 1 %}
        cast(null as bigint) as waited_seconds
        {%- else %}
        cast(case
            when is_mature then {{ northstar.seconds_between(
                'reached_at_' ~ (number - 1), 'reached_at_' ~ number
            ) }}
        end as bigint) as waited_seconds
        {%- endif %}
    from {{ name }}_journeys
    {{ 'union all' if not (loop.last and is_last_funnel) }}
    {%- endfor %}
    {%- endfor %}
),

segments as (
    select {{ no_text }} as segment_name
    {%- for segment in told_apart %}
    union all
    select '{{ segment.name }}' as segment_name
    {%- endfor %}
),

-- once for all together, and once for each segment
spread as (
    select
        taken.funnel_name,
        taken.entity_type,
        taken.grain,
        taken.cohort_start,
        taken.period_end,
        taken.window_seconds,
        taken.step,
        taken.step_event,
        taken.is_entered,
        taken.is_reached,
        taken.waited_seconds,
        segments.segment_name,
        {%- if told_apart %}
        case segments.segment_name
            {%- for segment in told_apart %}
            when '{{ segment.name }}' then taken.{{ segment.column }}
            {%- endfor %}
        end as segment_value
        {%- else %}
        {{ no_text }} as segment_value
        {%- endif %}
    from taken
    cross join segments
),

counted as (
    select
        funnel_name,
        entity_type,
        grain,
        cohort_start,
        period_end,
        window_seconds,
        step,
        step_event,
        segment_name,
        segment_value,
        count(*) as cohort_entities,
        sum(is_entered) as entered_entities,
        sum(is_reached) as reached_entities,
        {{ northstar.median('waited_seconds') }} as median_seconds
    from spread
    where segment_name is null or segment_value is not null
    group by
        funnel_name,
        entity_type,
        grain,
        cohort_start,
        period_end,
        window_seconds,
        step,
        step_event,
        segment_name,
        segment_value
),

rated as (
    select
        counted.*,
        watermark.watermark_at,
        {{ northstar.local_midnight('counted.period_end') }} as ends_at,
        lag(counted.reached_entities) over (
            partition by
                counted.funnel_name,
                counted.cohort_start,
                counted.segment_name,
                counted.segment_value
            order by counted.step
        ) as previous_entities
    from counted
    cross join watermark
)

select
    funnel_name,
    entity_type,
    grain,
    cohort_start as period_start,
    period_end,
    {{ northstar.cohort_status(
        'ends_at', northstar.add_seconds('ends_at', 'window_seconds + ' ~ grace)
    ) }} as period_status,
    cohort_start,
    step,
    step_event,
    segment_name,
    segment_value,
    cast(cohort_entities as bigint) as cohort_entities,
    cast(entered_entities as bigint) as entered_entities,
    cast(reached_entities as bigint) as reached_entities,
    {{ northstar.quotient('reached_entities', 'previous_entities') }}
        as step_conversion_rate,
    {{ northstar.wilson_lower('reached_entities', 'previous_entities') }}
        as step_rate_lower,
    {{ northstar.wilson_upper('reached_entities', 'previous_entities') }}
        as step_rate_upper,
    {{ northstar.quotient('reached_entities', 'entered_entities') }}
        as overall_conversion_rate,
    {{ northstar.wilson_lower('reached_entities', 'entered_entities') }}
        as overall_rate_lower,
    {{ northstar.wilson_upper('reached_entities', 'entered_entities') }}
        as overall_rate_upper,
    {{ northstar.rounded('median_seconds') }} as median_seconds
from rated
