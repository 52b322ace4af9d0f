{#-
    Every value of a period that was over when it was published, and again whenever it
    became another one. Rows are only ever added, and a full refresh keeps them: this is
    what was said, which cannot be worked out again. One row per metric, version, period
    and time at which the value was published; value is null where the period was gone.
-#}

{{ config(
    materialized='incremental',
    incremental_strategy=northstar.appends(),
    full_refresh=false,
) }}

with

metric_periods as (
    select
        metric_periods.metric_name,
        metric_periods.metric_version,
        metric_periods.grain,
        metric_periods.period_start,
        metric_periods.period_end,
        metric_periods.period_status,
        metric_periods.value,
        definitions.definition_hash
    from {{ ref('northstar__metric_periods') }} as metric_periods
    inner join {{ ref('northstar__metric_definitions') }} as definitions
        on
            metric_periods.metric_name = definitions.metric_name
            and metric_periods.metric_version = definitions.metric_version
    where metric_periods.period_status <> 'open'
),
{% if is_incremental() %}
definitions as (
    select * from {{ ref('northstar__metric_definitions') }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by metric_name, metric_version, period_start
            order by known_at desc
        ) as publication_number
    from {{ this }}
),

published as (
    select ranked.*
    from ranked
    inner join definitions
        on
            ranked.metric_name = definitions.metric_name
            and ranked.metric_version = definitions.metric_version
    where ranked.publication_number = 1
),

changed as (
    select
        coalesce(metric_periods.metric_name, published.metric_name) as metric_name,
        coalesce(metric_periods.metric_version, published.metric_version)
            as metric_version,
        coalesce(metric_periods.grain, published.grain) as grain,
        coalesce(metric_periods.period_start, published.period_start) as period_start,
        coalesce(metric_periods.period_end, published.period_end) as period_end,
        metric_periods.period_status,
        metric_periods.value,
        coalesce(metric_periods.definition_hash, published.definition_hash)
            as definition_hash
    from metric_periods
    full join published
        on
            metric_periods.metric_name = published.metric_name
            and metric_periods.metric_version = published.metric_version
            and metric_periods.period_start = published.period_start
    where
        published.metric_name is null
        or metric_periods.value <> published.value
        or metric_periods.value is null and published.value is not null
        or metric_periods.value is not null and published.value is null
)
{%- else %}

changed as (
    select * from metric_periods
)
{%- endif %}

select
    metric_name,
    metric_version,
    grain,
    period_start,
    period_end,
    {{ northstar.instant_literal(run_started_at.strftime('%Y-%m-%d %H:%M:%S.%f')) }}
        as known_at,
    period_status,
    value,
    definition_hash
from changed
