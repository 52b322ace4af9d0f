{#-
    Step 3. Of the copies of an event the first is kept; a later one is a conflict where
    it says something else, else a duplicate. One row per raw row.
-#}

{%- set columns = northstar.event_columns() %}

with

ranked as (
    select
        *,
        row_number() over (
            partition by source_name, event_id
            order by loaded_at, occurred_at, row_hash
        ) as copy_number,
        first_value(row_hash) over (
            partition by source_name, event_id
            order by loaded_at, occurred_at, row_hash
        ) as kept_hash
    from {{ ref('int_northstar__event_copies') }}
)

select
    source_name,
    load_date,
    event_id,
{%- for column in columns if column.name not in ('event_id', 'loaded_at') %}
    {{ column.name }},
{%- endfor %}
    loaded_at,
    local_date,
    row_hash,
    case
        when copy_number = 1 then 'kept'
        when row_hash <> kept_hash then 'conflict'
        else 'duplicate'
    end as copy_disposition
from ranked
