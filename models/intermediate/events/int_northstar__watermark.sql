{#-
    How far the data has come: the least, over the sources that are required and have
    rows, of the latest loaded_at that is not rejected. Never the clock. One row, null
    where no row is left.
-#}

{{ config(materialized='northstar_table') }}

{%- set optional = [] -%}
{%- for source in northstar.input_entries('northstar_events')
    if source.required is defined and not source.required -%}
    {%- do optional.append(source) -%}
{%- endfor %}

with

loaded as (
    select
        source_name,
        max(loaded_until) as loaded_until
    from {{ ref('int_northstar__activity') }}
    where rejected_as is null
    group by source_name

    union all

    select
        source_name,
        max(loaded_at) as loaded_until
    from {{ ref('int_northstar__event_copies') }}
    group by source_name
),

sources as (
    select
        source_name,
        max(loaded_until) as loaded_until
    from loaded
    {%- if optional %}
    where source_name not in {{ northstar.source_names(optional) }}
    {%- endif %}
    group by source_name
),

watermark as (
    select min(loaded_until) as watermark_at
    from sources
)

select
    watermark_at,
    {{ northstar.local_date('watermark_at') }} as watermark_date
from watermark
