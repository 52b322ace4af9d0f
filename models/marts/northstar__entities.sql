{#- A view, so that a project's own segments need no column of the contract. -#}

{{ config(materialized='northstar_view') }}

with

entities as (
    select * from {{ ref('int_northstar__entities') }}
)

select
    entities.entity_type,
    entities.entity_id,
    entities.first_seen_at,
    entities.anchor_at,
    entities.anchor_source,
{%- for segment in northstar.segments() %}
    {{ northstar.contract_segment(segment, 'entities') }}{{ ',' if not loop.last }}
{%- endfor %}
from entities
