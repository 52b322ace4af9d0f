{#-
    Events of an entity are numbered in their order, so that the next step is the
    smallest number that is not yet taken; rows of one instant may follow each other in
    any order, and rows without an id are told apart.
-#}

{{ config(enabled=northstar.has_input('northstar_funnels')) }}

{%- set funnels = northstar.funnels() -%}
{%- set grace = (var('northstar_grace_hours') * 3600) | int %}

with

events as (
    select * from {{ ref('int_northstar__events') }}
    where disposition = 'accepted'
),

watermark as (
    select * from {{ ref('int_northstar__watermark') }}
    where watermark_at is not null
),
{% for funnel in funnels %}
{%- set name = 'funnel_' ~ loop.index -%}
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
        min(event_number) as number_1
    from {{ name }}_numbered
    where is_step_1
    group by entity_id, {{ northstar.period_start('local_date', funnel.grain) }}
),

{{ name }}_step_1 as (
    select
        entries.entity_id,
        entries.cohort_start,
        entries.number_1,
        numbered.occurred_at as reached_at_1,
        {{ northstar.add_seconds('numbered.occurred_at', funnel.seconds) }} as ends_at
    from {{ name }}_entries as entries
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
counted as (
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
        {{ 'true' if loop.last else 'false' }} as is_last_step,
        count(*) as cohort_entities,
        sum(case when is_mature then 1 else 0 end) as entered_entities,
        sum(
            case
                when is_mature and reached_at_{{ number }} is not null then 1
                else 0
            end
        ) as reached_entities,
        {%- if number == 1 %}
        cast(null as {{ northstar.float_type() }}) as median_seconds
        {%- else %}
        {{ northstar.median(
            'case when is_mature then ' ~ northstar.seconds_between(
                'reached_at_' ~ (number - 1), 'reached_at_' ~ number
            ) ~ ' end'
        ) }} as median_seconds
        {%- endif %}
    from {{ name }}_journeys
    group by cohort_start
    {{ 'union all' if not (loop.last and is_last_funnel) }}
    {%- endfor %}
    {%- endfor %}
),

rated as (
    select
        counted.*,
        watermark.watermark_at,
        {{ northstar.local_midnight('counted.period_end') }} as ends_at,
        lag(counted.reached_entities) over (
            partition by counted.funnel_name, counted.cohort_start
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
    case
        when watermark_at < ends_at then 'open'
        when
            watermark_at
            >= {{ northstar.add_seconds('ends_at', 'window_seconds + ' ~ grace) }}
            then 'final'
        else 'provisional'
    end as period_status,
    cohort_start,
    step,
    step_event,
    is_last_step,
    cast(cohort_entities as bigint) as cohort_entities,
    cast(entered_entities as bigint) as entered_entities,
    cast(reached_entities as bigint) as reached_entities,
    cast(previous_entities as bigint) as previous_entities,
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
