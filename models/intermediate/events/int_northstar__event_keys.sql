{#-
    Where a copy of an event may be: a hash of source and event id of every raw row that
    has one, with its day of loading. A new row is compared with these in place of the
    raw events. One row per raw row.
-#}

{{ config(
    materialized='northstar_incremental',
    meta={
        'northstar_storage': 'facts',
        'northstar_changes': {
            'relation': 'int_northstar__loads',
            'keys': ['source_name', 'load_date'],
            'where': 'is_changed',
        },
    },
) }}

with

screened as (
    select * from {{ ref('int_northstar__screened_events') }}
)

select
    source_name,
    load_date,
    {{ northstar.key_hash(['source_name', 'event_id']) }} as event_key
from screened
where
    is_deduplicated
    and event_id is not null
    {%- if not northstar.rebuilds('facts') %}
    and {{ northstar.in_changed_loads('screened', 'int_northstar__loads', 'is_changed') }}
    {%- endif %}
