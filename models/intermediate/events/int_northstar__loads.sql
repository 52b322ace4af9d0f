{#-
    What there is to read, and what the last complete run had read: raw rows by source
    and day of loading, counted at the start of the run. A day whose count is another
    one holds something new, whenever its rows say that they were loaded. The columns
    seen_ are written when a run has completed (northstar.complete_run), so whatever a
    run that died had read is read again. One row per source and day of loading.

    waiting_count     rows that are in the future as of the run's start, in sources that
                      do not say when a row was loaded: they are accepted once it is past
    rebuilds_facts    1 where everything is to be read again: the mapping changed; 2
                      where rows that had been read are gone. The same in every row
    rebuilds_definitions   1 where everything is to be counted again
-#}

{{ config(materialized='northstar_table') }}

{%- set sources = northstar.input_entries('northstar_events') -%}
{%- set columns = northstar.event_columns() | map(attribute='name') | list -%}
{%- set loaded_at = 'coalesce(loaded_at, occurred_at)' if 'loaded_at' in columns
    else 'occurred_at' -%}
{%- set unloaded = [] -%}
{%- for source in sources if 'loaded_at' not in source.columns -%}
    {%- do unloaded.append(source) -%}
{%- endfor -%}
{%- set known = load_relation(this) is not none and not flags.FULL_REFRESH -%}
{%- set facts_hash = northstar.string_literal(northstar.storage_hash('facts')) -%}
{%- set definitions_hash = northstar.string_literal(
    northstar.storage_hash('definitions')
) %}

with

events as (
    select * from {{ ref('stg_northstar__events') }}
),

counted as (
    select
        source_name,
        {{ northstar.load_date(loaded_at) }} as load_date,
        count(*) as row_count,
        {%- if unloaded %}
        sum(
            case
                when source_name in {{ northstar.source_names(unloaded) }}
                    and {{ northstar.is_in_future() }} then 1
                else 0
            end
        ) as waiting_count
        {%- else %}
        0 as waiting_count
        {%- endif %}
    from events
    group by source_name, {{ northstar.load_date(loaded_at) }}
),
{% if known %}
known as (
    select * from {{ this }}
),

-- a run that did not complete may have stored rows by other rules than these
rules as (
    select
        max(
            case
                when seen_facts_hash <> {{ facts_hash }} or facts_hash <> {{ facts_hash }}
                    then 1
                else 0
            end
        ) as rebuilds_facts,
        max(
            case
                when seen_definitions_hash <> {{ definitions_hash }}
                    or definitions_hash <> {{ definitions_hash }} then 1
                else 0
            end
        ) as rebuilds_definitions,
        max(case when seen_row_count is null then 0 else 1 end) as is_seen
    from known
),

gone as (
    select count(*) as loads
    from known
    left join counted
        on
            known.source_name = counted.source_name
            and known.load_date = counted.load_date
    where
        known.seen_row_count > coalesce(counted.row_count, 0)
        or known.row_count > coalesce(counted.row_count, 0)
),
{% endif %}
compared as (
    select
        counted.source_name,
        counted.load_date,
        counted.row_count,
        counted.waiting_count,
        {%- if known %}
        known.seen_row_count,
        known.seen_waiting_count,
        known.seen_facts_hash,
        known.seen_definitions_hash,
        case
            when rules.is_seen = 0 then cast(null as integer)
            when gone.loads > 0 then 2
            else rules.rebuilds_facts
        end as rebuilds_facts,
        case
            when rules.is_seen = 0 then cast(null as integer)
            when gone.loads > 0 then 1
            else rules.rebuilds_definitions
        end as rebuilds_definitions
        {%- else %}
        cast(null as bigint) as seen_row_count,
        cast(null as bigint) as seen_waiting_count,
        cast(null as {{ northstar.text_type() }}) as seen_facts_hash,
        cast(null as {{ northstar.text_type() }}) as seen_definitions_hash,
        cast(null as integer) as rebuilds_facts,
        cast(null as integer) as rebuilds_definitions
        {%- endif %}
    from counted
    {%- if known %}
    cross join rules
    cross join gone
    left join known
        on
            counted.source_name = known.source_name
            and counted.load_date = known.load_date
    {%- endif %}
)

select
    source_name,
    load_date,
    cast(row_count as bigint) as row_count,
    cast(waiting_count as bigint) as waiting_count,
    cast({{ facts_hash }} as {{ northstar.text_type() }}) as facts_hash,
    cast({{ definitions_hash }} as {{ northstar.text_type() }}) as definitions_hash,
    seen_row_count,
    seen_waiting_count,
    seen_facts_hash,
    seen_definitions_hash,
    rebuilds_facts,
    rebuilds_definitions,
    seen_row_count is null
    or seen_row_count <> row_count
    or seen_waiting_count <> waiting_count as is_changed
from compared
