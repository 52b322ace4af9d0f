{#-
    After step 3. What the raw rows come to when their times of day are left out: what
    the ledger, the entities and the identities need, of every row, in about a tenth of
    the rows. One row per source, day of loading, local date, rejection and set of ids,
    flags and segments; where exclusions or consent have hours, per instant too.

    Rows of events that may have come more than once are not here but in
    int_northstar__event_copies.

    row_count              raw rows
    first_at, last_at      the earliest and the latest occurred_at
    loaded_until           the latest loaded_at
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

{%- set columns = northstar.activity_columns() -%}
{%- set is_timed = northstar.has_timed_privacy() %}

with

screened as (
    select * from {{ ref('int_northstar__screened_events') }}
    {%- if not northstar.rebuilds('facts') %}
    where {{ northstar.in_changed_loads('int_northstar__screened_events') }}
    {%- endif %}
),

copies as (
    select distinct
        source_name,
        event_id
    from {{ ref('int_northstar__event_copies') }}
),

single as (
    select
        screened.source_name,
        screened.load_date,
        screened.local_date,
        screened.rejected_as,
        {%- for column in columns %}
        screened.{{ column }},
        {%- endfor %}
        screened.occurred_at,
        screened.loaded_at
    from screened
    left join copies
        on
            screened.is_deduplicated
            and screened.rejected_as is null
            and screened.source_name = copies.source_name
            and screened.event_id = copies.event_id
    where copies.event_id is null
)

select
    source_name,
    load_date,
    local_date,
    rejected_as,
    {%- for column in columns %}
    {{ column }},
    {%- endfor %}
    count(*) as row_count,
    min(occurred_at) as first_at,
    max(occurred_at) as last_at,
    max(loaded_at) as loaded_until
from single
group by
    source_name,
    load_date,
    local_date,
    {%- for column in columns %}
    {{ column }},
    {%- endfor %}
    {%- if is_timed %}
    occurred_at,
    {%- endif %}
    rejected_as
