with

entity_measures as (
    select * from {{ ref('int_northstar__entity_measures') }}
    where measure is not null and not is_same_point
),

metric_values as (
    select * from {{ ref('int_northstar__metric_values') }}
    where is_published
),

metrics as (
    select * from {{ ref('int_northstar__metrics') }}
),

published as (
    select
        entity_measures.*,
        metric_values.metric_version,
        metric_values.grain,
        metric_values.window_kind,
        metric_values.period_end,
        metric_values.previous_start,
        metric_values.period_status,
        metrics.total,
        metrics.unit_scale
    from entity_measures
    inner join metric_values
        on
            entity_measures.metric_name = metric_values.metric_name
            and entity_measures.period_start = metric_values.period_start
    inner join metrics on entity_measures.metric_name = metrics.metric_name
),

-- growth status is a matter of the periods in which an entity qualified
qualified as (
    select
        metric_name,
        entity_id,
        period_start,
        previous_start,
        min(period_end) over (
            partition by metric_name, entity_id
        ) as first_end
    from published
    where is_qualified and window_kind in ('calendar', 'rolling')
),

growth as (
    select
        qualified.metric_name,
        qualified.entity_id,
        qualified.period_start,
        case
            when qualified.first_end > qualified.period_start then 'new'
            when previous.entity_id is not null then 'retained'
            else 'resurrected'
        end as growth_status
    from qualified
    left join qualified as previous
        on
            qualified.metric_name = previous.metric_name
            and qualified.entity_id = previous.entity_id
            and qualified.previous_start = previous.period_start
)

select
    published.metric_name,
    published.metric_version,
    published.grain,
    published.period_start,
    published.period_end,
    published.period_status,
    published.entity_type,
    published.entity_id,
    {{ northstar.rounded(
        'case when published.unit_scale = 1 then published.measure'
        ~ ' else published.measure * published.unit_scale end'
    ) }} as measure,
    published.is_qualified,
    {{ northstar.rounded(
        "case when published.total = 'entities'"
        ~ ' then case when published.is_qualified then 1 else 0 end'
        ~ ' when published.contribution is null then 0'
        ~ ' when published.unit_scale = 1 then published.contribution'
        ~ ' else published.contribution * published.unit_scale end'
    ) }} as contribution,
    growth.growth_status,
{%- for segment in northstar.segments() %}
    published.{{ segment }}{{ ',' if not loop.last }}
{%- endfor %}
from published
left join growth
    on
        published.metric_name = growth.metric_name
        and published.entity_id = growth.entity_id
        and published.period_start = growth.period_start
