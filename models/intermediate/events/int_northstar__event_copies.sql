{#-
    Step 3. Every row of an event that may have come more than once, as it was loaded,
    and what it is: the first copy is kept; a later one is a conflict where it says
    something else, else a duplicate. Rows whose hashes are equal by accident are here
    too, and do no harm. One row per raw row.

    All days of loading of an event with a new copy are read again, so the copies that
    are not keep what they are; they have a say in those that share a day with one.
-#}

{{ config(
    materialized='northstar_incremental',
    meta={
        'northstar_storage': 'facts',
        'northstar_changes': {
            'relation': 'int_northstar__changed_loads',
            'keys': ['source_name', 'load_date'],
        },
    },
) }}

{%- set columns = northstar.event_columns() -%}
{%- set rebuilds = northstar.rebuilds('facts') %}

with

screened as (
    select * from {{ ref('int_northstar__screened_events') }}
),
{% if not rebuilds %}
changed_keys as (
    select distinct event_keys.event_key
    from {{ ref('int_northstar__event_keys') }} as event_keys
    inner join {{ ref('int_northstar__changed_loads') }} as changed_loads
        on
            event_keys.source_name = changed_loads.source_name
            and event_keys.load_date = changed_loads.load_date
),
{% endif %}
repeated as (
    select event_key
    from {{ ref('int_northstar__event_keys') }}
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
),

hashed as (
    select
        *,
        {{ northstar.row_hash_by_source(northstar.input_entries('northstar_events')) }}
            as row_hash
    from copies
),
{% if not rebuilds %}
-- of the same events, what is not read again
stored as (
    select *
    from {{ this }} as known
    where
        exists (
            select 1
            from hashed
            where
                hashed.source_name = known.source_name
                and hashed.event_id = known.event_id
        )
        and not exists (
            select 1
            from {{ ref('int_northstar__changed_loads') }} as changed_loads
            where
                changed_loads.source_name = known.source_name
                and changed_loads.load_date = known.load_date
        )
),
{% endif %}
compared as (
    {%- for relation in (['hashed'] if rebuilds else ['hashed', 'stored']) %}
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
        {{ 'true' if relation == 'hashed' else 'false' }} as is_read
    from {{ relation }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
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
    from compared
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
where is_read
