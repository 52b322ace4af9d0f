{#- Step 3. Every copy of an event that came more than once; the first is kept. -#}

{{ config(materialized='table') }}

{%- set columns = northstar.event_columns() %}

with

screened as (
    select * from {{ ref('int_northstar__screened_events') }}
    where rejected_as is null and is_deduplicated
),

repeated as (
    select
        source_name,
        event_id
    from screened
    group by source_name, event_id
    having count(*) > 1
),

copies as (
    select screened.*
    from screened
    inner join repeated
        on
            screened.source_name = repeated.source_name
            and screened.event_id = repeated.event_id
),

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
    from copies
)

select
    source_name,
    event_id,
{%- for column in columns if column.name not in ('event_id', 'loaded_at') %}
    {{ column.name }},
{%- endfor %}
    loaded_at,
    local_date,
    case
        when copy_number = 1 then 'kept'
        when row_hash <> kept_hash then 'conflict'
        else 'duplicate'
    end as copy_disposition
from ranked
