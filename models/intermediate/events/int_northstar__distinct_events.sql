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
    source_name,
    event_id,
{%- for column in columns if column.name not in ('event_id', 'loaded_at') %}
    {{ column.name }},
{%- endfor %}
    loaded_at,
    local_date
from screened
where
    not is_deduplicated
    or not exists (
        select 1
        from copies
        where
            copies.source_name = screened.source_name
            and copies.event_id = screened.event_id
    )

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
