{{ config(enabled=northstar.driver_metrics('calendar') | length > 0) }}

with

metric_values as (
    select * from {{ ref('int_northstar__metric_values') }}
    where metric_name in ({{ northstar.names_of(
        northstar.driver_metrics('calendar')
    ) }})
),

measures as (
    select
        metric_name,
        period_start,
        measure
    from {{ ref('int_northstar__entity_measures') }}
    where
        is_qualified
        and measure > 0
        and not is_same_point
        and metric_name in ({{ northstar.names_of(
            northstar.driver_metrics('calendar')
        ) }})
),

ranked as (
    select
        metric_name,
        period_start,
        measure,
        row_number() over (
            partition by metric_name, period_start order by measure
        ) as size_rank,
        count(*) over (partition by metric_name, period_start) as entities
    from measures
),

-- a tenth of them, rounded up, are the top
summed as (
    select
        metric_name,
        period_start,
        max(entities) as entities,
        sum(measure) as total,
        max(measure) as largest,
        sum(case when 10 * (entities - size_rank) < entities then measure else 0 end)
            as top_decile,
        sum({{ northstar.multiple('measure', '(2 * size_rank - entities - 1)') }})
            as skew
    from ranked
    group by metric_name, period_start
)

select
    metric_values.metric_name,
    metric_values.metric_version,
    metric_values.grain,
    metric_values.period_start,
    metric_values.period_end,
    metric_values.period_status,
    cast(coalesce(summed.entities, 0) as bigint) as entities,
    cast(floor((coalesce(summed.entities, 0) + 9) / 10) as bigint)
        as top_decile_entities,
    case
        when not metric_values.is_open
            then {{ northstar.quotient('summed.top_decile', 'summed.total') }}
    end as top_decile_share,
    case
        when not metric_values.is_open
            then {{ northstar.quotient_of_multiple(
                'summed.skew', 'summed.total', 'summed.entities'
            ) }}
    end as gini,
    case
        when not metric_values.is_open
            then {{ northstar.quotient('summed.largest', 'summed.total') }}
    end as top_entity_share
from metric_values
left join summed
    on
        metric_values.metric_name = summed.metric_name
        and metric_values.period_start = summed.period_start
