{#-
    Steps 2 to 7 are behind us: the accepted events that some definition names, with
    the columns that some definition uses. One row per event.
-#}

{{ config(materialized='table') }}

{%- set names = northstar.named_events() -%}
{%- set columns = northstar.named_columns() %}

with

events as (
    select * from {{ ref('int_northstar__judged_events') }}
    where
        disposition = 'accepted'
        {%- if names %}
        and event_name in (
            {%- for name in names %}
            {{ northstar.string_literal(name) }}{{ ',' if not loop.last }}
            {%- endfor %}
        )
        {%- else %}
        and 1 = 0
        {%- endif %}
)

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
from events
