{#-
    Every entity that an accepted event names: since when, when its life began, and the
    first known value of each segment. One row per entity. A run replaces the rows of
    the entities touched.
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
    },
) }}

{%- set segments = northstar.mapped_segments() -%}
{%- set entities = var('northstar_entities') -%}
{%- set anchored = [] -%}
{%- for entity_type, entity in entities.items() if entity.anchor -%}
    {%- do anchored.append((entity_type, entity)) -%}
{%- endfor -%}
{%- set all_at_once = northstar.rebuilds('definitions') %}

with

{%- if not all_at_once %}
touched as (
    select * from {{ ref('int_northstar__touched_entities') }}
),
{% endif %}
stored as (
    {%- for relation, first_at, condition in [
        ('int_northstar__activity', 'first_at', 'rejected_as is null'),
        ('int_northstar__event_copies', 'occurred_at', "copy_disposition = 'kept'"),
    ] %}
    select
        {%- for column in northstar.activity_columns() %}
        {{ column }},
        {%- endfor %}
        {%- for segment in segments if segment.column != segment.name %}
        {{ northstar.segment_value(segment) }},
        {%- endfor %}
        {{ first_at }} as first_at
    from {{ ref(relation) }}
    where {{ condition }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- every id of a person touched is among the touched
activity as (
    select * from stored
    {%- if not all_at_once %}
    where
        {%- for entity_type, entity in entities.items() %}
        {{ 'or ' if not loop.first -}}
        {{ northstar.raw_person_id() if entity.id == 'user_id' else entity.id }} in (
            select touched.entity_id
            from touched
            where touched.entity_type = '{{ entity_type }}'
        )
        {%- endfor %}
    {%- endif %}
),

identified as (
    select
        activity.*
        {%- if northstar.has_people() %},
        {{ northstar.person_id('activity') }} as person_id
        {%- endif %}
    from activity
    {%- if northstar.has_identity() %}
    left join {{ ref('int_northstar__identities') }} as identities
        on {{ northstar.raw_person_id('activity') }} = identities.id
    {%- endif %}
),

accepted as (
    select identified.*
    from identified
    {{ northstar.judgement_joins('first_at') }}
    where {{ northstar.disposition() }} = 'accepted'
),
{% if anchored %}
events as (
    select * from {{ ref('int_northstar__recounted_events') }}
),
{% endif %}
{%- for entity_type, entity in anchored %}
{%- set entity_id = northstar.canonical_column(entity.id) %}
{{ entity_type }}_anchors as (
    select
        {{ entity_id }} as entity_id,
        min(occurred_at) as anchored_at
    from events
    where event_name = {{ northstar.string_literal(entity.anchor) }}
    group by {{ entity_id }}
),
{% endfor %}
{%- for entity_type, entity in entities.items() %}
{%- set entity_id = northstar.canonical_column(entity.id) %}
{{ entity_type }}_entities as (
    select
        '{{ entity_type }}' as entity_type,
        {{ entity_id }} as entity_id,
        {%- for segment in segments %}
        {{ northstar.first_by(
            "nullif(" ~ segment.column ~ ", '')",
            ['first_at', northstar.byte_order(segment.column)],
        ) }} as {{ segment.column }},
        {%- endfor %}
        min(first_at) as first_seen_at
    from accepted
    where
        {{ entity_id }} is not null
        {%- if not all_at_once %}
        and {{ entity_id }} in (
            select touched.entity_id
            from touched
            where touched.entity_type = '{{ entity_type }}'
        )
        {%- endif %}
    group by {{ entity_id }}
),
{% endfor %}
entities as (
    {%- for entity_type, entity in entities.items() %}
    select
        {{ entity_type }}_entities.*,
        {{ entity_type ~ '_anchors.anchored_at' if entity.anchor
            else 'cast(null as ' ~ northstar.instant_type() ~ ') as anchored_at' }}
    from {{ entity_type }}_entities
    {%- if entity.anchor %}
    left join {{ entity_type }}_anchors
        on {{ entity_type }}_entities.entity_id = {{ entity_type }}_anchors.entity_id
    {%- endif %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    entity_type,
    entity_id,
    first_seen_at,
    coalesce(anchored_at, first_seen_at) as anchor_at,
{%- for segment in segments %}
    coalesce({{ segment.column }}, '(unknown)') as {{ segment.column }},
{%- endfor %}
    case
        when anchored_at is not null then 'anchor' else 'first_seen'
    end as anchor_source
from entities
