{#-
    Step 2. Every raw row, with what it is rejected for, if anything. One row per raw
    row. load_date is the day of loading: the unit in which raw events are read again;
    loaded_at is the time of loading, else of occurring; stated_loaded_at is it as mapped.
-#}

{%- set sources = northstar.input_entries('northstar_events') -%}
{%- set columns = northstar.event_columns() -%}
{%- set hashed = sources | selectattr('rows_without_id', 'defined') | list -%}
{%- set distinct = hashed
    | selectattr('rows_without_id', 'equalto', 'distinct') | list -%}
{%- set unloaded = [] -%}
{%- for source in sources if 'loaded_at' not in source.columns -%}
    {%- do unloaded.append(source) -%}
{%- endfor -%}
{%- set entity_ids = [] -%}
{%- for entity in var('northstar_entities').values() -%}
    {%- do entity_ids.append(entity.id) -%}
    {%- if entity.id == 'user_id' and northstar.has_event_column('anonymous_id') -%}
        {%- do entity_ids.append('anonymous_id') -%}
    {%- endif -%}
{%- endfor -%}
{%- set has_event_id = northstar.has_event_column('event_id') -%}
{%- set has_loaded_at = northstar.has_event_column('loaded_at') -%}

with

events as (
    select * from {{ ref('stg_northstar__events') }}
),

identified as (
    select
        source_name,
        {%- if hashed and has_event_id %}
        coalesce(
            event_id,
            case
                when
                    event_id is null
                    and source_name in {{ northstar.source_names(hashed) }}
                    then {{ northstar.row_hash_by_source(hashed) }}
            end
        ) as event_id,
        {%- elif hashed %}
        {{ northstar.row_hash_by_source(hashed) }} as event_id,
        {%- else %}
        event_id,
        {%- endif %}
        {%- if distinct %}
        {{ 'event_id is not null or ' if has_event_id -}}
        source_name not in {{ northstar.source_names(distinct) }} as is_deduplicated,
        {%- else %}
        true as is_deduplicated,
        {%- endif %}
        {%- for column in columns
            if column.name not in ('event_id', 'loaded_at') %}
        {{ column.name }},
        {%- endfor %}
        {%- if has_loaded_at %}
        loaded_at as stated_loaded_at,
        {%- endif %}
        {{ 'coalesce(loaded_at, occurred_at)' if has_loaded_at else 'occurred_at' }}
            as loaded_at
    from events
),

dated as (
    select
        *,
        {{ northstar.load_date() }} as load_date,
        {{ northstar.local_date_of_many('coalesce(occurred_at, loaded_at)') }}
            as local_date
    from identified
),

screened as (
    select
        *,
        case
            when event_id is null then 'missing_event_id'
            when occurred_at is null then 'missing_time'
            when {{ entity_ids | unique | join(' is null and ') }} is null
                then 'missing_entity'
            {%- if unloaded %}
            when source_name in {{ northstar.source_names(unloaded) }}
                and {{ northstar.is_in_future() }}
                then 'future'
            {%- endif %}
            when occurred_at > {{ northstar.add_seconds('loaded_at', 300) }}
                then 'future'
            -- no zone is a day from UTC: only rows near the date need their own
            when occurred_at < {{ northstar.add_seconds(
                northstar.instant_literal(var('northstar_min_event_date')), 172800
            ) }}
                and local_date < cast('{{ var("northstar_min_event_date") }}' as date)
                then 'out_of_range'
        end as rejected_as
    from dated
)

select
    source_name,
    event_id,
    is_deduplicated,
{%- for column in columns if column.name not in ('event_id', 'loaded_at') %}
    {{ column.name }},
{%- endfor %}
    loaded_at,
    {%- if has_loaded_at %}
    stated_loaded_at,
    {%- endif %}
    load_date,
    local_date,
    rejected_as
from screened
