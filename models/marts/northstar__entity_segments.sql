{{ config(
    materialized='northstar_view',
    enabled=northstar.declared_segments() | length > 0,
) }}

{%- set segments = northstar.mapped_segments() %}

with

entities as (
    select * from {{ ref('int_northstar__entities') }}
)

{% for segment in segments -%}
select
    entity_type,
    entity_id,
    '{{ segment.name }}' as segment_name,
    {{ segment.column }} as segment_value
from entities
{{ 'union all' if not loop.last }}
{% endfor %}
