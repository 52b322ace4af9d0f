{%- set metrics = northstar.driver_metrics('calendar', 'rolling') -%}

{{ config(enabled=metrics | length > 0) }}

{%- set sums = metrics | selectattr('total', 'equalto', 'measure') | list -%}
{%- set left_edge = var('northstar_left_censored_periods') %}

with

metrics as (
    select * from {{ ref('int_northstar__metrics') }}
),

metric_values as (
    select * from {{ ref('int_northstar__metric_values') }}
    where
        metric_name in (
            {%- for metric in metrics %}
            '{{ metric.name }}'{{ ',' if not loop.last }}
            {%- endfor %}
        )
),

entity_measures as (
    select * from {{ ref('int_northstar__entity_measures') }}
    where not is_same_point and measure is not null
),

starts as (
    select * from {{ ref('int_northstar__starts') }}
),

spine as (
    select
        metric_values.metric_name,
        metric_values.metric_version,
        metric_values.grain,
        metric_values.period_start,
        metric_values.period_end,
        metric_values.period_status,
        metric_values.is_open,
        row_number() over (
            partition by metric_values.metric_name order by metric_values.period_start
        ) <= {{ left_edge }} as is_left_censored,
        metric_values.qualified_entities,
        coalesce(previous.qualified_entities, 0) as previous_entities,
        metric_values.previous_start
    from metric_values
    left join metric_values as previous
        on
            metric_values.metric_name = previous.metric_name
            and metric_values.previous_start = previous.period_start
),

arrived as (
    select
        metric_name,
        period_start,
        sum(case when growth_status = 'new' then 1 else 0 end) as new_entities,
        sum(case when growth_status = 'retained' then 1 else 0 end)
            as retained_entities,
        sum(case when growth_status = 'resurrected' then 1 else 0 end)
            as resurrected_entities
    from entity_measures
    where growth_status is not null
    group by 1, 2
),

-- whoever has qualified, by the end of their first period
first_periods as (
    select
        starts.metric_name,
        spine.period_end as first_end,
        count(*) as entities
    from starts
    inner join spine
        on
            starts.metric_name = spine.metric_name
            and starts.first_period_start = spine.period_start
    group by 1, 2
),

qualified_before as (
    select
        spine.metric_name,
        spine.period_start,
        sum(first_periods.entities) as entities
    from spine
    inner join first_periods
        on
            spine.metric_name = first_periods.metric_name
            and spine.period_start >= first_periods.first_end
    group by 1, 2
),

last_periods as (
    select
        metric_name,
        max(period_start) as last_start
    from spine
    group by 1
),

-- from when an entity could have qualified: whoever qualifies is known
known_dates as (
    select
        starts.metric_name,
        case
            when
                starts.first_period_start < starts.first_seen_date
                and starts.first_period_start <= last_periods.last_start
                then starts.first_period_start
            else starts.first_seen_date
        end as known_date,
        count(*) as entities
    from starts
    inner join last_periods on starts.metric_name = last_periods.metric_name
    group by 1, 2
),

known as (
    select
        spine.metric_name,
        spine.period_start,
        sum(known_dates.entities) as entities
    from spine
    inner join known_dates
        on
            spine.metric_name = known_dates.metric_name
            and spine.period_end > known_dates.known_date
    group by 1, 2
),
{% if sums %}
-- each entity's value of a period, and less its value of the period before
entity_values as (
    select
        metric_name,
        entity_id,
        period_start,
        coalesce(contribution, 0) as change,
        growth_status,
        0 as was_qualified
    from entity_measures
    where
        metric_name in (
            {%- for metric in sums %}
            '{{ metric.name }}'{{ ',' if not loop.last }}
            {%- endfor %}
        )

    union all

    select
        entity_measures.metric_name,
        entity_measures.entity_id,
        spine.period_start,
        -coalesce(entity_measures.contribution, 0) as change,
        cast(null as {{ northstar.text_type() }}) as growth_status,
        case when entity_measures.is_qualified then 1 else 0 end as was_qualified
    from entity_measures
    inner join spine
        on
            entity_measures.metric_name = spine.metric_name
            and entity_measures.period_start = spine.previous_start
    where
        entity_measures.metric_name in (
            {%- for metric in sums %}
            '{{ metric.name }}'{{ ',' if not loop.last }}
            {%- endfor %}
        )
),

entity_changes as (
    select
        metric_name,
        entity_id,
        period_start,
        sum(change) as change,
        max(growth_status) as growth_status,
        max(was_qualified) as was_qualified
    from entity_values
    group by 1, 2, 3
),

-- the change of every entity is booked once
booked_changes as (
    select
        metric_name,
        period_start,
        change,
        case
            when growth_status in ('new', 'resurrected') then growth_status
            when growth_status is null and was_qualified = 1 then 'churned'
            when change > 0 then 'expansion'
            else 'contraction'
        end as flow
    from entity_changes
),

flows as (
    select
        metric_name,
        period_start,
        {%- for flow in ('new', 'resurrected', 'expansion', 'contraction', 'churned') %}
        sum(case when flow = '{{ flow }}' then change else 0 end) as {{ flow }}_value
        {{- ',' if not loop.last }}
        {%- endfor %}
    from booked_changes
    group by 1, 2
),
{% endif %}
counted as (
    select
        spine.*,
        metrics.total,
        metrics.unit_scale,
        coalesce(arrived.new_entities, 0) as new_entities,
        coalesce(arrived.retained_entities, 0) as retained_entities,
        coalesce(arrived.resurrected_entities, 0) as resurrected_entities,
        case
            when not spine.is_open
                then spine.previous_entities - coalesce(arrived.retained_entities, 0)
        end as churned_entities,
        coalesce(qualified_before.entities, 0) - spine.previous_entities
            as dormant_pool,
        coalesce(known.entities, 0) - coalesce(qualified_before.entities, 0)
            as never_pool
    from spine
    inner join metrics on spine.metric_name = metrics.metric_name
    left join arrived
        on
            spine.metric_name = arrived.metric_name
            and spine.period_start = arrived.period_start
    left join qualified_before
        on
            spine.metric_name = qualified_before.metric_name
            and spine.period_start = qualified_before.period_start
    left join known
        on
            spine.metric_name = known.metric_name
            and spine.period_start = known.period_start
),

valued as (
    select
        counted.*,
        {%- for flow, sign in [
            ('new', ''), ('resurrected', ''), ('expansion', ''), ('contraction', '-'),
            ('churned', '-'),
        ] %}
        case
            when counted.is_open then null
            {%- if flow in ('expansion', 'contraction') %}
            when counted.total = 'entities' then 0
            {%- else %}
            when counted.total = 'entities' then counted.{{ flow }}_entities
            {%- endif %}
            {%- if sums %}
            when counted.unit_scale = 1
                then {{ sign }}coalesce(flows.{{ flow }}_value, 0)
            else {{ northstar.scaled(
                sign ~ 'coalesce(flows.' ~ flow ~ '_value, 0)', 'counted.unit_scale'
            ) }}
            {%- endif %}
        end as {{ flow }}_value{{ ',' if not loop.last }}
        {%- endfor %}
    from counted
    {%- if sums %}
    left join flows
        on
            counted.metric_name = flows.metric_name
            and counted.period_start = flows.period_start
    {%- endif %}
)

select
    metric_name,
    metric_version,
    grain,
    period_start,
    period_end,
    period_status,
    is_left_censored,
    cast(qualified_entities as bigint) as qualified_entities,
    cast(previous_entities as bigint) as previous_entities,
    cast(new_entities as bigint) as new_entities,
    cast(retained_entities as bigint) as retained_entities,
    cast(resurrected_entities as bigint) as resurrected_entities,
    cast(churned_entities as bigint) as churned_entities,
    {{ northstar.rounded('new_value') }} as new_value,
    {{ northstar.rounded('resurrected_value') }} as resurrected_value,
    {{ northstar.rounded('expansion_value') }} as expansion_value,
    {{ northstar.rounded('contraction_value') }} as contraction_value,
    {{ northstar.rounded('churned_value') }} as churned_value,
    {{ northstar.quotient(
        '(new_entities + resurrected_entities)', 'churned_entities'
    ) }} as quick_ratio,
    {%- for rate, part, pool in [
        ('retention_rate', 'retained_entities', 'previous_entities'),
        ('resurrection_rate', 'resurrected_entities', 'dormant_pool'),
        ('first_qualification_rate', 'new_entities', 'never_pool'),
    ] %}
    {%- if pool != 'previous_entities' %}
    cast({{ pool }} as bigint) as {{ pool }},
    {%- endif %}
    case when not is_open then {{ northstar.quotient(part, pool) }} end as {{ rate }},
    case when not is_open then {{ northstar.wilson_lower(part, pool) }} end
        as {{ rate }}_lower,
    case when not is_open then {{ northstar.wilson_upper(part, pool) }} end
        as {{ rate }}_upper{{ ',' if not loop.last }}
    {%- endfor %}
from valued
