{#- After step 3. One row per event that was not rejected. -#}

{%- set columns = northstar.event_columns() -%}

with

screened as (
    select * from {{ ref('int_northstar__screened_events') }}
    where rejected_as is null
),

copies as (
    select * from {{ ref('int_northstar__event_copies') }}
    where copy_disposition = 'kept'
)

select
    screened.source_name,
    screened.event_id,
{%- for column in columns if column.name not in ('event_id', 'loaded_at') %}
    screened.{{ column.name }},
{%- endfor %}
    screened.loaded_at,
    screened.local_date
from screened
left join copies
    on
        screened.is_deduplicated
        and screened.source_name = copies.source_name
        and screened.event_id = copies.event_id
where copies.event_id is null

union all

select
    source_name,
    event_id,
{%- for column in columns if column.name not in ('event_id', 'loaded_at') %}
    {{ column.name }},
{%- endfor %}
    loaded_at,
    local_date
from copies
