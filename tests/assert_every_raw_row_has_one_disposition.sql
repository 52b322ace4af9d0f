{#- The ledger's counts add up to the raw rows of each source. -#}

{%- set sources = northstar.input_entries('northstar_events') %}

with

raw_rows as (
    {%- for source in sources %}
    select
        {{ northstar.string_literal(source.name) }} as source_name,
        count(*) as row_count
    from {{ northstar.input_relation(source) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

ledger as (
    select
        source_name,
        sum(row_count) as row_count
    from {{ ref('northstar__event_ledger') }}
    group by source_name
)

select
    raw_rows.source_name,
    raw_rows.row_count as raw_rows,
    coalesce(ledger.row_count, 0) as ledger_rows
from raw_rows
left join ledger on raw_rows.source_name = ledger.source_name
where raw_rows.row_count <> coalesce(ledger.row_count, 0)
