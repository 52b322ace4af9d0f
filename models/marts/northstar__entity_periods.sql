{#- A view: statuses and ends of periods move with the watermark, measures do not. -#}

{{ config(materialized='northstar_view') }}

with

entity_measures as (
    select * from {{ ref('int_northstar__entity_measures') }}
    where measure is not null and not is_same_point
),

metric_values as (
    select * from {{ ref('int_northstar__metric_values') }}
    where is_published
),

published as (
    select
        entity_measures.*,
        metric_values.published_name,
        metric_values.metric_version,
        metric_values.grain,
        metric_values.window_kind,
        metric_values.period_end,
        metric_values.previous_start,
        metric_values.period_status,
        metric_values.total,
        metric_values.unit_scale
    from entity_measures
    inner join metric_values
        on
            entity_measures.metric_name = metric_values.metric_name
            and entity_measures.period_start = metric_values.period_start
)

select
    published.published_name as metric_name,
    published.metric_version,
    published.grain,
    published.period_start,
    published.period_end,
    published.period_status,
    published.entity_type,
    published.entity_id,
    {{ northstar.rounded(
        'case when published.unit_scale = 1 then published.measure'
        ~ ' else ' ~ northstar.scaled('published.measure', 'published.unit_scale')
        ~ ' end'
    ) }} as measure,
    published.is_qualified,
    {{ northstar.rounded(
        "case when published.total = 'entities'"
        ~ ' then case when published.is_qualified then 1 else 0 end'
        ~ ' when published.contribution is null then 0'
        ~ ' when published.unit_scale = 1 then published.contribution'
        ~ ' else ' ~ northstar.scaled('published.contribution', 'published.unit_scale')
        ~ ' end'
    ) }} as contribution,
    published.growth_status,
{%- for segment in northstar.segments() %}
    {{ northstar.contract_segment(segment, 'published') }}{{ ',' if not loop.last }}
{%- endfor %}
from published
