{#-
    The days of loading that this run reads again: those that hold something new, and
    those in which another copy of a new row was loaded. Empty where all is read. One
    row per source and day.
-#}

{{ config(materialized='northstar_table') }}

with

new_loads as (
    select * from {{ ref('int_northstar__loads') }}
    where {{ '1 = 0' if northstar.rebuilds('facts', 'int_northstar__activity')
        else 'is_changed' }}
),

-- read twice by name: the new days are few, and a warehouse skips the others
new_keys as (
    select distinct event_keys.event_key
    from {{ ref('int_northstar__event_keys') }} as event_keys
    inner join new_loads
        on
            event_keys.source_name = new_loads.source_name
            and event_keys.load_date = new_loads.load_date
)

select
    source_name,
    load_date
from new_loads

union distinct

select
    event_keys.source_name,
    event_keys.load_date
from {{ ref('int_northstar__event_keys') }} as event_keys
inner join new_keys on event_keys.event_key = new_keys.event_key
