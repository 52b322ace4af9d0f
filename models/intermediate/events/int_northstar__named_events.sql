{#-
    After step 3. The events that some definition names, with the columns that some
    definition uses; those that may have come more than once are in
    int_northstar__event_copies. One row per event.
-#}

{{ config(
    materialized='northstar_incremental',
    meta={
        'northstar_storage': 'definitions',
        'northstar_changes': {
            'relation': 'int_northstar__changed_loads',
            'keys': ['source_name', 'load_date'],
        },
    },
) }}

{%- set columns = northstar.stored_event_columns() %}

with

screened as (
    select * from {{ ref('int_northstar__screened_events') }}
    where
        rejected_as is null
        and {{ northstar.is_named() }}
        {%- if not northstar.rebuilds('definitions') %}
        and {{ northstar.in_changed_loads('int_northstar__screened_events') }}
        {%- endif %}
),

copies as (
    select distinct
        source_name,
        event_id
    from {{ ref('int_northstar__event_copies') }}
)

select
    screened.source_name,
    screened.load_date,
    screened.event_id,
    screened.event_name,
    screened.occurred_at,
{%- for column in columns %}
    screened.{{ column.name }},
{%- endfor %}
    screened.local_date
from screened
left join copies
    on
        screened.is_deduplicated
        and screened.source_name = copies.source_name
        and screened.event_id = copies.event_id
where copies.event_id is null
