{#-
    Steps 16 to 18 for what is computed: the total per period, zero where nothing
    happened, with the period's status. One row per metric (or part of a ratio) and
    period.
-#}

{{ config(materialized='northstar_table') }}

with

metrics as (
    select * from {{ ref('int_northstar__metrics') }}
),

periods as (
    select * from {{ ref('int_northstar__periods') }}
),

entity_measures as (
    select * from {{ ref('int_northstar__entity_measures') }}
),

totals as (
    select
        metric_name,
        period_start,
        is_same_point,
        {{ northstar.additive('sum(contribution)') }} as contributed,
        sum(case when is_qualified then 1 else 0 end) as qualified_entities
    from entity_measures
    group by metric_name, period_start, is_same_point
),

-- lifetime stocks: what each row changes, to be run on over the spine
stock_changes as (
    select
        entity_measures.metric_name,
        entity_measures.period_start,
        coalesce(entity_measures.contribution, 0) - lag(
            coalesce(entity_measures.contribution, 0), 1, 0
        ) over (
            partition by entity_measures.metric_name, entity_measures.entity_id
            order by entity_measures.period_start
        ) as contributed,
        case when entity_measures.is_qualified then 1 else 0 end - lag(
            case when entity_measures.is_qualified then 1 else 0 end, 1, 0
        ) over (
            partition by entity_measures.metric_name, entity_measures.entity_id
            order by entity_measures.period_start
        ) as qualified_entities
    from entity_measures
    inner join metrics on entity_measures.metric_name = metrics.metric_name
    where metrics.window_kind = 'lifetime' and entity_measures.measure is not null
),

stocks as (
    select
        metric_name,
        period_start,
        {{ northstar.additive('sum(contributed)') }} as contributed,
        sum(qualified_entities) as qualified_entities
    from stock_changes
    group by metric_name, period_start
),

-- from the first booked period to the watermark's, or the last booked
booked as (
    select
        metric_name,
        min(period_start) as first_start,
        max(period_start) as last_start
    from entity_measures
    where not is_same_point
    group by metric_name
    {%- for metric in northstar.state_metrics() %}

    union all

    select
        '{{ metric.name }}' as metric_name,
        min({{ northstar.period_start(
            '(' ~ northstar.local_date('valid_from') ~ ')', metric.window.grain
        ) }}) as first_start,
        cast(null as date) as last_start
    from {{ ref('int_northstar__states') }}
    where
        entity_type = '{{ metric.entity }}'
        and state = {{ northstar.string_literal(metric.state.name) }}
    {%- endfor %}
),

bounds as (
    select
        metric_name,
        min(first_start) as first_start,
        max(last_start) as last_start
    from booked
    group by metric_name
),

spine as (
    select
        metrics.metric_name,
        metrics.metric_version,
        metrics.published_name,
        metrics.is_north_star,
        metrics.is_published,
        metrics.part,
        metrics.window_kind,
        metrics.grain,
        metrics.total,
        metrics.unit_scale,
        periods.period_start,
        periods.period_end,
        periods.previous_start,
        periods.elapsed_share,
        periods.is_open,
        case
            when periods.is_open then 'open'
            when
                periods.watermark_at >= {{ northstar.add_seconds(
                    'periods.ends_at', 'metrics.waiting_seconds') }}
                then 'final'
            else 'provisional'
        end as period_status
    from metrics
    inner join bounds on metrics.configured_name = bounds.metric_name
    inner join periods
        on
            metrics.window_name = periods.window_name
            and bounds.first_start <= periods.period_start
            and periods.is_reached
    where
        (
            metrics.window_kind = 'rolling'
            or periods.starts_at <= periods.watermark_at
            or periods.period_start <= bounds.last_start
        )
        and (
            metrics.published_until is null
            or periods.period_start < metrics.published_until
        )
),

valued as (
    select
        spine.*,
        case
            when spine.window_kind = 'lifetime'
                then sum(coalesce(stocks.contributed, 0)) over (
                    partition by spine.metric_name order by spine.period_start
                )
            else coalesce(totals.contributed, 0)
        end as contributed,
        case
            when spine.window_kind = 'lifetime'
                then sum(coalesce(stocks.qualified_entities, 0)) over (
                    partition by spine.metric_name order by spine.period_start
                )
            else coalesce(totals.qualified_entities, 0)
        end as qualified_entities,
        case when spine.window_kind = 'calendar' and spine.is_open
            then coalesce(same_point.contributed, 0)
        end as same_point_contributed,
        case when spine.window_kind = 'calendar' and spine.is_open
            then coalesce(same_point.qualified_entities, 0)
        end as same_point_entities
    from spine
    left join totals
        on
            spine.metric_name = totals.metric_name
            and spine.period_start = totals.period_start
            and not totals.is_same_point
    left join totals as same_point
        on
            spine.metric_name = same_point.metric_name
            and spine.previous_start = same_point.period_start
            and same_point.is_same_point
    left join stocks
        on
            spine.metric_name = stocks.metric_name
            and spine.period_start = stocks.period_start
)

select
    metric_name,
    metric_version,
    published_name,
    is_north_star,
    is_published,
    part,
    window_kind,
    grain,
    total,
    unit_scale,
    period_start,
    period_end,
    previous_start,
    elapsed_share,
    is_open,
    period_status,
    cast(qualified_entities as bigint) as qualified_entities,
    {{ northstar.rounded(
        "case when total = 'entities' then qualified_entities"
        ~ " when unit_scale = 1 then contributed else "
        ~ northstar.scaled('contributed', 'unit_scale') ~ ' end'
    ) }} as value,
    {{ northstar.rounded(
        "case when total = 'entities' then same_point_entities"
        ~ " when unit_scale = 1 then same_point_contributed"
        ~ ' else ' ~ northstar.scaled('same_point_contributed', 'unit_scale') ~ ' end'
    ) }} as same_point_value
from valued
