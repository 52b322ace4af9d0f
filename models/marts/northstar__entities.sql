{%- set segments = northstar.mapped_segments() -%}
{%- set order_by = [
    'occurred_at',
    northstar.byte_order('event_id'),
    northstar.byte_order('source_name'),
] %}

with

events as (
    select * from {{ ref('int_northstar__judged_events') }}
    where disposition = 'accepted'
),
{% for entity_type, entity in var('northstar_entities').items() %}
{%- set entity_id = northstar.canonical_column(entity.id) %}
{{ entity_type }}_entities as (
    select
        '{{ entity_type }}' as entity_type,
        {{ entity_id }} as entity_id,
        min(occurred_at) as first_seen_at,
        {%- for segment in segments %}
        {{ northstar.first_by("nullif(" ~ segment ~ ", '')", order_by) }}
            as {{ segment }},
        {%- endfor %}
        {%- if entity.anchor %}
        min(
            case
                when event_name = {{ northstar.string_literal(entity.anchor) }}
                    then occurred_at
            end
        ) as anchored_at
        {%- else %}
        cast(null as timestamp) as anchored_at
        {%- endif %}
    from events
    where {{ entity_id }} is not null
    group by {{ entity_id }}
),
{% endfor %}
entities as (
    {%- for entity_type in var('northstar_entities') %}
    select * from {{ entity_type }}_entities
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    entity_type,
    entity_id,
    first_seen_at,
    coalesce(anchored_at, first_seen_at) as anchor_at,
    case
        when anchored_at is not null then 'anchor' else 'first_seen'
    end as anchor_source,
{%- for segment in northstar.segments() %}
    {{ "coalesce(" ~ segment ~ ", '(unknown)')" if segment in segments
        else "'(unknown)'" }} as {{ segment }}{{ ',' if not loop.last }}
{%- endfor %}
from entities
