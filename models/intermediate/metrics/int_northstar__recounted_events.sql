{#-
    The accepted events that this run counts: all, or those that can matter to the
    entities touched and to the same point of the period before. Whoever counts them
    keeps only the rows of which every event is here. One row per event.

    They are chosen before anything is joined to them, by the ids that they carry
    themselves: every id of a person touched is among the touched.
-#}

{{ config(materialized=northstar.read_often()) }}

{%- set all_at_once = northstar.any_rebuilds('definitions', [
    'int_northstar__entity_measures', 'int_northstar__entities', 'int_northstar__bookings',
    'int_northstar__repeats',
]) -%}
{%- set events = ref('int_northstar__events') -%}
{%- set columns = northstar.stored_event_columns() -%}
{%- set names = columns | map(attribute='name') | list -%}
{%- set metrics = northstar.event_metrics() -%}
{#- a void may name no entity; a rank and a net void need an entity's whole life -#}
{%- set whole_life = [] -%}
{%- set compared = [] -%}
{%- for metric in metrics -%}
    {%- if metric.void -%}{%- do whole_life.append(metric.void.event) -%}{%- endif -%}
    {%- if metric.window.kind == 'calendar' -%}
        {%- do compared.extend(metric.events | map(attribute='at') | list) -%}
        {%- if metric.nth or metric.void and metric.void.mode == 'net' -%}
            {%- do whole_life.extend(metric.events | map(attribute='event') | list) -%}
        {%- endif -%}
    {%- endif -%}
{%- endfor %}

with
{% if all_at_once %}
judged as (
    select * from {{ events }}
)
{% else %}
touched as (
    select * from {{ ref('int_northstar__touched_entities') }}
),

compared_since as (
    select min(previous_start) as first_date
    from {{ ref('int_northstar__periods') }}
    where same_point_at is not null
),

stored as (
    select
        source_name,
        load_date,
        event_id,
        event_name,
        occurred_at,
        {%- for column in columns %}
        {{ column.name }},
        {%- endfor %}
        local_date
    from {{ ref('int_northstar__named_events') }}

    union all

    select
        source_name,
        load_date,
        event_id,
        event_name,
        occurred_at,
        {%- for column in columns %}
        {{ column.name }},
        {%- endfor %}
        local_date
    from {{ ref('int_northstar__event_copies') }}
    where
        copy_disposition = 'kept'
        and {{ northstar.is_named() }}
),

named as (
    select * from stored
    where
        event_name in (
            {%- for name in whole_life | unique %}
            {{ northstar.string_literal(name) }}{{ ',' if not loop.last }}
            {%- else %}
            null
            {%- endfor %}
        )
        {%- for entity_type, entity in var('northstar_entities').items()
            if entity.id in names or entity.id == 'user_id' %}
        or {{ northstar.raw_person_id() if entity.id == 'user_id' else entity.id }} in (
            select touched.entity_id
            from touched
            where touched.entity_type = '{{ entity_type }}'
        )
        {%- endfor %}
        {%- for column in compared | unique %}
        or {{ 'local_date' if column == 'occurred_at' else northstar.local_date(column) }}
        >= (select compared_since.first_date from compared_since)
        {%- endfor %}
),

identified as (
    select
        named.*
        {%- if northstar.has_people() %},
        {{ northstar.person_id('named') }} as person_id,
        {{ northstar.is_known_person('named') }} as is_known_person
        {%- endif %}
    from named
    {%- if northstar.has_identity() %}
    left join {{ ref('int_northstar__identities') }} as identities
        on {{ northstar.raw_person_id('named') }} = identities.id
    {%- endif %}
),

judged as (
    select
        identified.*,
        {{ northstar.disposition() }} as disposition
    from identified
    {{ northstar.judgement_joins('occurred_at') }}
)
{% endif %}
select
    source_name,
    event_id,
    event_name,
    occurred_at,
{%- for column in columns %}
    {{ column.name }},
{%- endfor %}
    {%- if northstar.has_people() %}
    person_id,
    is_known_person,
    {%- endif %}
    local_date
from judged
where disposition = 'accepted'
