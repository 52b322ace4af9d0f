{#-
    Step 3. Every row of an event that may have come more than once, as it was loaded:
    which of them is kept depends on all, so int_northstar__ranked_copies decides. Rows
    whose hashes are equal by accident are here too, and do no harm. One row per raw row.
-#}

{{ config(
    materialized='northstar_incremental',
    storage='facts',
    changes={
        'relation': 'int_northstar__changed_loads',
        'keys': ['source_name', 'load_date'],
    },
) }}

{%- set columns = northstar.event_columns() -%}
{%- set rebuilds = northstar.rebuilds('facts') %}

with

screened as (
    select * from {{ ref('int_northstar__screened_events') }}
),

event_keys as (
    select * from {{ ref('int_northstar__event_keys') }}
),
{% if not rebuilds %}
changed_keys as (
    select distinct event_keys.event_key
    from event_keys
    inner join {{ ref('int_northstar__changed_loads') }} as changed_loads
        on
            event_keys.source_name = changed_loads.source_name
            and event_keys.load_date = changed_loads.load_date
),
{% endif %}
repeated as (
    select event_key
    from event_keys
    {%- if not rebuilds %}
    where event_key in (select changed_keys.event_key from changed_keys)
    {%- endif %}
    group by event_key
    having count(*) > 1
),

copies as (
    select *
    from screened
    where
        is_deduplicated
        and rejected_as is null
        and {{ northstar.key_hash(['source_name', 'event_id']) }} in (
            select repeated.event_key from repeated
        )
        {%- if not rebuilds %}
        and {{ northstar.in_changed_loads('screened') }}
        {%- endif %}
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
    {{ northstar.row_hash_by_source(northstar.input_entries('northstar_events')) }}
        as row_hash
from copies
