{%- set ratios = northstar.metrics() | selectattr('ratio') | list -%}
{%- set is_scaled = ratios | rejectattr('unit_scale', 'equalto', 1) | list -%}
{%- set left_edge = var('northstar_left_censored_periods') %}

with

metric_values as (
    select * from {{ ref('int_northstar__metric_values') }}
),

left_out as (
    select
        metric_name,
        period_start,
        sum(case when missing = 'entity' then row_count else 0 end)
            as events_without_entity,
        sum(case when missing = 'time' then row_count else 0 end)
            as events_without_time,
        sum(case when missing = 'value' then row_count else 0 end)
            as events_without_value
    from {{ ref('int_northstar__left_out_events') }}
    group by metric_name, period_start
),

plain as (
    select
        metric_name,
        published_name,
        metric_version,
        is_north_star,
        window_kind,
        grain,
        period_start,
        period_end,
        previous_start,
        period_status,
        is_open,
        elapsed_share,
        value,
        {{ northstar.rounded('null') }} as numerator,
        {{ northstar.rounded('null') }} as denominator,
        qualified_entities,
        same_point_value
    from metric_values
    where is_published
),
{% if ratios %}
ratios as (
    {%- for ratio in ratios %}
    select
        '{{ ratio.name }}' as metric_name,
        {{ 'true' if ratio.is_north_star else 'false' }} as is_north_star,
        cast({{ ratio.unit_scale }} as {{ northstar.scale_type() }}) as unit_scale
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- a ratio has a row where either part has one, and the status of the less final
parts as (
    select
        published_name as metric_name,
        metric_version,
        window_kind,
        grain,
        period_start,
        period_end,
        previous_start,
        max(case when is_open then 1 else 0 end) = 1 as is_open,
        min(
            case period_status when 'open' then 1 when 'provisional' then 2 else 3 end
        ) as finality,
        min(elapsed_share) as elapsed_share,
        coalesce(max(case when part = 'numerator' then value end), 0)
            as numerator,
        coalesce(max(case when part = 'denominator' then value end), 0)
            as denominator,
        coalesce(max(case when part = 'numerator' then same_point_value end), 0)
            as same_point_numerator,
        coalesce(max(case when part = 'denominator' then same_point_value end), 0)
            as same_point_denominator
    from metric_values
    where not is_published
    group by
        published_name,
        metric_version,
        window_kind,
        grain,
        period_start,
        period_end,
        previous_start
),
{% endif %}
published as (
    select * from plain
    {%- if ratios %}

    union all

    select
        parts.metric_name,
        parts.metric_name as published_name,
        parts.metric_version,
        ratios.is_north_star,
        parts.window_kind,
        parts.grain,
        parts.period_start,
        parts.period_end,
        parts.previous_start,
        case parts.finality
            when 1 then 'open' when 2 then 'provisional' else 'final'
        end as period_status,
        parts.is_open,
        parts.elapsed_share,
        {{ northstar.scaled_quotient(
            'parts.numerator', 'parts.denominator', 'ratios.unit_scale', is_scaled
        ) }} as value,
        parts.numerator,
        parts.denominator,
        cast(null as bigint) as qualified_entities,
        case
            when parts.is_open
                then {{ northstar.scaled_quotient(
                    'parts.same_point_numerator',
                    'parts.same_point_denominator',
                    'ratios.unit_scale',
                    is_scaled
                ) }}
        end as same_point_value
    from parts
    inner join ratios on parts.metric_name = ratios.metric_name
    {%- endif %}
),

compared as (
    select
        published.*,
        previous.value as previous_value,
        case
            when published.is_open and previous.metric_name is not null
                then published.same_point_value
        end as same_point,
        case
            when not published.is_open then previous.value
            when previous.metric_name is not null then published.same_point_value
        end as base_value,
        row_number() over (
            partition by published.metric_name order by published.period_start
        ) as period_number
    from published
    left join published as previous
        on
            published.metric_name = previous.metric_name
            and published.previous_start = previous.period_start
)

select
    compared.published_name as metric_name,
    compared.metric_version,
    compared.grain,
    compared.period_start,
    compared.period_end,
    compared.period_status,
    compared.is_north_star,
    compared.value,
    compared.numerator,
    compared.denominator,
    compared.qualified_entities,
    cast(coalesce(left_out.events_without_entity, 0) as bigint)
        as events_without_entity,
    cast(coalesce(left_out.events_without_time, 0) as bigint) as events_without_time,
    cast(coalesce(left_out.events_without_value, 0) as bigint) as events_without_value,
    compared.period_number <= {{ left_edge }} as is_left_censored,
    compared.elapsed_share,
    compared.previous_value,
    {{ northstar.rounded('compared.value - compared.base_value') }} as change,
    {{ northstar.quotient(
        'compared.value - compared.base_value', 'compared.base_value'
    ) }} as change_rate,
    compared.same_point as same_point_value,
    definitions.target
from compared
inner join {{ ref('northstar__metric_definitions') }} as definitions
    on
        compared.published_name = definitions.metric_name
        and compared.metric_version = definitions.metric_version
left join left_out
    on
        compared.metric_name = left_out.metric_name
        and compared.period_start = left_out.period_start
