{#-
    Each method has a CTE that gives parts: a component and a contribution that is
    rounded. What rounding leaves over goes to the largest part, so that the parts of
    every method add up to the published change to the last place.
-#}

{{ config(enabled=northstar.changing_metrics() | length > 0) }}

{%- set text = northstar.text_type() -%}
{%- set no_segment -%}
cast(null as {{ text }}) as segment_name,
        cast(null as {{ text }}) as segment_value,
        cast(null as {{ text }}) as effect,
{%- endset -%}
{%- set flowing = northstar.changing_metrics('flows') -%}
{%- set pooled = northstar.changing_metrics('pools') -%}
{%- set active = northstar.changing_metrics('activity') -%}
{%- set stocks = northstar.changing_metrics('stock') -%}
{%- set ratios = northstar.changing_metrics('parts') -%}
{%- set mixed = northstar.changing_metrics('rate_mix') -%}
{%- set segmented = northstar.changing_metrics('segments') -%}
{%- set lifetimes = stocks | selectattr('window.kind', 'equalto', 'lifetime') | list -%}
{%- set netted = (active + stocks) | selectattr('void')
    | selectattr('void.mode', 'equalto', 'net') | list -%}
{%- set parts = [] %}

with

metric_periods as (
    select * from {{ ref('northstar__metric_periods') }}
    where
        metric_name in ({{ northstar.names_of(northstar.changing_metrics()) }})
        and {{ northstar.is_in_force() }}
),

metric_values as (
    select * from {{ ref('int_northstar__metric_values') }}
),

unit_scales as (
    {%- for metric in northstar.changing_metrics() %}
    select
        '{{ metric.name }}' as metric_name,
        cast({{ metric.unit_scale if metric.ratio or metric.total == 'measure' else 1 }}
            as {{ northstar.scale_type() }}) as unit_scale
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

spine as (
    select distinct
        published_name,
        period_start,
        previous_start
    from metric_values
    where {{ northstar.is_in_force('published_name') }}
),

-- the changes to take apart
changes as (
    select
        metric_periods.*,
        spine.previous_start,
        unit_scales.unit_scale
    from metric_periods
    inner join spine
        on
            metric_periods.metric_name = spine.published_name
            and metric_periods.period_start = spine.period_start
    inner join unit_scales on metric_periods.metric_name = unit_scales.metric_name
    where metric_periods.period_status <> 'open' and metric_periods.change is not null
),
{% if flowing %}
growth as (
    select * from {{ ref('northstar__growth_accounting') }}
),

flows as (
    {%- for flow in ('new', 'resurrected', 'expansion', 'contraction', 'churned') %}
    select
        changes.metric_name,
        changes.period_start,
        'flows' as method,
        {{ no_segment }}
        '{{ flow }}' as component,
        {{ '-' if flow in ('contraction', 'churned') }}growth.{{ flow }}_value
            as contribution
    from changes
    inner join growth
        on
            changes.metric_name = growth.metric_name
            and changes.period_start = growth.period_start
    {%- if flow in ('expansion', 'contraction') %}
    where changes.metric_name in ({{ northstar.names_of(
        flowing | selectattr('total', 'equalto', 'measure') | list
    ) }})
    {%- endif %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),
{%- do parts.append('flows') %}
{% endif %}
{%- if segmented or mixed %}
cells as (
    select * from {{ ref('int_northstar__segment_cells') }}
),
{% endif %}
{%- if segmented %}
segment_changes as (
    select
        changes.metric_name,
        changes.period_start,
        changes.unit_scale,
        cells.segment_name,
        case
            when cells.is_suppressed or coalesce(earlier.is_suppressed, false)
                then '(suppressed)'
            else cells.segment_value
        end as segment_value,
        cells.contribution - coalesce(earlier.contribution, 0) as change
    from changes
    inner join cells
        on
            changes.metric_name = cells.metric_name
            and changes.period_start = cells.period_start
    left join cells as earlier
        on
            cells.metric_name = earlier.metric_name
            and cells.previous_start = earlier.period_start
            and cells.segment_name = earlier.segment_name
            and cells.segment_value = earlier.segment_value
    where changes.metric_name in ({{ northstar.names_of(segmented) }})
),

segments as (
    select
        changes.metric_name,
        changes.period_start,
        'segments_' || changes.segment_name as method,
        changes.segment_name,
        changes.segment_value,
        cast(null as {{ text }}) as effect,
        changes.segment_value as component,
        {{ northstar.in_unit('sum(changes.change)', 'changes.unit_scale') }}
            as contribution
    from segment_changes as changes
    group by
        changes.metric_name,
        changes.period_start,
        changes.unit_scale,
        changes.segment_name,
        changes.segment_value
),
{%- do parts.append('segments') %}
{% endif %}
{%- if active or stocks %}
-- who qualifies and what they add, and what net voids of others do
totals as (
    select
        metric_name,
        period_start,
        {%- for name, condition in [
            ('value', 'is_qualified'), ('voided', 'not is_qualified')
        ] %}
        {{ northstar.additive(
            'sum(case when ' ~ condition ~ ' then contribution else 0 end)'
        ) }} as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('int_northstar__entity_measures') }}
    where
        contribution is not null
        and not is_same_point
        and metric_name in ({{ northstar.names_of(
            (active + stocks) | rejectattr('window.kind', 'equalto', 'lifetime') | list
        ) }})
    group by metric_name, period_start
),
{%- if lifetimes %}

-- of lifetimes each row that changed, run on over the spine
lifetime_rows as (
    select
        metric_name,
        entity_id,
        period_start,
        case when is_qualified then coalesce(contribution, 0) else 0 end as value,
        case when is_qualified then 0 else coalesce(contribution, 0) end as voided
    from {{ ref('int_northstar__entity_measures') }}
    where
        measure is not null
        and not is_same_point
        and metric_name in ({{ northstar.names_of(lifetimes) }})
),

lifetime_steps as (
    select
        metric_name,
        period_start,
        value - lag(value, 1, 0) over (
            partition by metric_name, entity_id order by period_start
        ) as value,
        voided - lag(voided, 1, 0) over (
            partition by metric_name, entity_id order by period_start
        ) as voided
    from lifetime_rows
),

lifetime_changes as (
    select
        metric_name,
        period_start,
        {{ northstar.additive('sum(value)') }} as value,
        {{ northstar.additive('sum(voided)') }} as voided
    from lifetime_steps
    group by metric_name, period_start
),

lifetime_totals as (
    select
        metric_values.metric_name,
        metric_values.period_start,
        {%- for name in ('value', 'voided') %}
        {{ northstar.additive(
            'sum(coalesce(lifetime_changes.' ~ name ~ ', 0)) over (
            partition by metric_values.metric_name order by metric_values.period_start
        )'
        ) }} as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from metric_values
    left join lifetime_changes
        on
            metric_values.metric_name = lifetime_changes.metric_name
            and metric_values.period_start = lifetime_changes.period_start
    where metric_values.metric_name in ({{ northstar.names_of(lifetimes) }})
),
{%- endif %}
{%- if active %}

active_days as (
    select
        metric_name,
        period_start,
        sum(active_days * entities) as active_days
    from {{ ref('int_northstar__active_days') }}
    where is_qualified
    group by metric_name, period_start
),
{%- endif %}

facts as (
    select
        metric_values.metric_name,
        metric_values.period_start,
        metric_values.qualified_entities as entities,
        {{ 'coalesce(active_days.active_days, 0)' if active else '0' }} as active_days,
        {%- if lifetimes %}
        coalesce(totals.value, lifetime_totals.value, 0) as value,
        coalesce(totals.voided, lifetime_totals.voided, 0) as voided
        {%- else %}
        coalesce(totals.value, 0) as value,
        coalesce(totals.voided, 0) as voided
        {%- endif %}
    from metric_values
    left join totals
        on
            metric_values.metric_name = totals.metric_name
            and metric_values.period_start = totals.period_start
    {%- if lifetimes %}
    left join lifetime_totals
        on
            metric_values.metric_name = lifetime_totals.metric_name
            and metric_values.period_start = lifetime_totals.period_start
    {%- endif %}
    {%- if active %}
    left join active_days
        on
            metric_values.metric_name = active_days.metric_name
            and metric_values.period_start = active_days.period_start
    {%- endif %}
    where metric_values.metric_name in ({{ northstar.names_of(active + stocks) }})
),

factors as (
    select
        changes.metric_name,
        changes.period_start,
        changes.unit_scale,
        earlier.entities as entities_0,
        facts.entities as entities_1,
        earlier.active_days as days_0,
        facts.active_days as days_1,
        {{ northstar.rounded('earlier.value') }} as value_0,
        {{ northstar.rounded('facts.value') }} as value_1,
        facts.voided - earlier.voided as voided
    from changes
    inner join facts
        on
            changes.metric_name = facts.metric_name
            and changes.period_start = facts.period_start
    inner join facts as earlier
        on
            changes.metric_name = earlier.metric_name
            and changes.previous_start = earlier.period_start
),
{% endif %}
{%- if active %}
-- entities times frequency times depth; product_101 has entities and depth of the
-- period, and the frequency of the one before
activity_products as (
    select
        metric_name,
        period_start,
        unit_scale,
        value_0 as product_000,
        value_1 as product_111,
        {%- for name, value, whole, divisor in [
            ('100', 'value_0', 'entities_1', 'entities_0'),
            ('010', 'value_0', 'entities_0 * days_1', 'entities_1 * days_0'),
            ('001', 'value_1', 'days_0', 'days_1'),
            ('110', 'value_0', 'days_1', 'days_0'),
            ('101', 'value_1', 'entities_1 * days_0', 'entities_0 * days_1'),
            ('011', 'value_1', 'entities_0', 'entities_1'),
        ] %}
        coalesce({{ northstar.multiple_quotient(value, whole, divisor) }}, 0)
            as product_{{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from factors
    where metric_name in ({{ northstar.names_of(active) }})
),

-- six times what each factor adds, over all orders in which they can change
activity_sums as (
    select
        metric_name,
        period_start,
        unit_scale,
        2 * (product_100 - product_000) + product_110 - product_010
        + product_101 - product_001 + 2 * (product_111 - product_011) as entities,
        2 * (product_010 - product_000) + product_110 - product_100
        + product_011 - product_001 + 2 * (product_111 - product_101) as frequency,
        2 * (product_001 - product_000) + product_101 - product_100
        + product_011 - product_010 + 2 * (product_111 - product_110) as depth
    from activity_products
),

activity as (
    {%- for factor in ('entities', 'frequency', 'depth') %}
    select
        changes.metric_name,
        changes.period_start,
        'shapley' as method,
        {{ no_segment }}
        '{{ factor }}' as component,
        {{ northstar.in_unit(
            '(' ~ northstar.quotient('changes.' ~ factor, 'cast(6 as bigint)') ~ ')',
            'changes.unit_scale'
        ) }} as contribution
    from activity_sums as changes
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),
{%- do parts.append('activity') %}
{% endif %}
{%- if pooled or stocks or ratios %}
-- products of two factors; product_10 has the first of the period, and the second of
-- the one before
pair_products as (
    {%- set pairs = [] %}
    {%- if pooled %}
    {%- for pool, rate, entities in [
        ('previous_entities', 'retention_rate', 'retained_entities'),
        ('dormant_pool', 'resurrection_rate', 'resurrected_entities'),
        ('never_pool', 'first_qualification_rate', 'new_entities'),
    ] %}
    {{ 'union all' if pairs }}
    {%- do pairs.append(pool) %}
    select
        changes.metric_name,
        changes.period_start,
        changes.unit_scale,
        '{{ 'active_pool' if pool == 'previous_entities' else pool }}' as first_factor,
        '{{ rate }}' as second_factor,
        {{ northstar.rounded('earlier.' ~ entities) }} as product_00,
        {{ northstar.quotient(
            'growth.' ~ pool ~ ' * earlier.' ~ entities, 'earlier.' ~ pool
        ) }} as product_10,
        {{ northstar.quotient(
            'earlier.' ~ pool ~ ' * growth.' ~ entities, 'growth.' ~ pool
        ) }} as product_01,
        {{ northstar.rounded('growth.' ~ entities) }} as product_11
    from changes
    inner join growth
        on
            changes.metric_name = growth.metric_name
            and changes.period_start = growth.period_start
    inner join growth as earlier
        on
            changes.metric_name = earlier.metric_name
            and changes.previous_start = earlier.period_start
    where changes.metric_name in ({{ northstar.names_of(pooled) }})
    {%- endfor %}
    {%- endif %}
    {%- if stocks %}
    {{ 'union all' if pairs }}
    {%- do pairs.append('stocks') %}
    select
        metric_name,
        period_start,
        unit_scale,
        'entities' as first_factor,
        'value_per_entity' as second_factor,
        value_0 as product_00,
        {{ northstar.multiple_quotient('value_0', 'entities_1', 'entities_0') }}
            as product_10,
        {{ northstar.multiple_quotient('value_1', 'entities_0', 'entities_1') }}
            as product_01,
        value_1 as product_11
    from factors
    where metric_name in ({{ northstar.names_of(stocks) }})
    {%- endif %}
    {%- if ratios %}
    {{ 'union all' if pairs }}
    select
        changes.metric_name,
        changes.period_start,
        changes.unit_scale,
        'numerator' as first_factor,
        'denominator' as second_factor,
        {{ northstar.quotient('earlier.numerator', 'earlier.denominator') }}
            as product_00,
        {{ northstar.quotient('changes.numerator', 'earlier.denominator') }}
            as product_10,
        {{ northstar.quotient('earlier.numerator', 'changes.denominator') }}
            as product_01,
        {{ northstar.quotient('changes.numerator', 'changes.denominator') }}
            as product_11
    from changes
    inner join metric_periods as earlier
        on
            changes.metric_name = earlier.metric_name
            and changes.previous_start = earlier.period_start
    where changes.metric_name in ({{ northstar.names_of(ratios) }})
    {%- endif %}
),

-- twice what each factor adds, over both orders in which they can change
pair_sums as (
    select
        metric_name,
        period_start,
        unit_scale,
        first_factor,
        second_factor,
        coalesce(product_10, 0) - product_00 + product_11 - coalesce(product_01, 0)
            as first_sum,
        coalesce(product_01, 0) - product_00 + product_11 - coalesce(product_10, 0)
            as second_sum
    from pair_products
),

pairs as (
    {%- for factor in ('first', 'second') %}
    select
        changes.metric_name,
        changes.period_start,
        'shapley' as method,
        {{ no_segment }}
        changes.{{ factor }}_factor as component,
        {{ northstar.in_unit(
            '(' ~ northstar.quotient(
                'changes.' ~ factor ~ '_sum', 'cast(2 as bigint)'
            ) ~ ')',
            'changes.unit_scale'
        ) }} as contribution
    from pair_sums as changes
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),
{%- do parts.append('pairs') %}
{% endif %}
{%- if netted %}
net_voids as (
    select
        changes.metric_name,
        changes.period_start,
        'shapley' as method,
        {{ no_segment }}
        'net_voids' as component,
        {{ northstar.in_unit('changes.voided', 'changes.unit_scale') }} as contribution
    from factors as changes
    where changes.metric_name in ({{ northstar.names_of(netted) }})
),
{%- do parts.append('net_voids') %}
{% endif %}
{%- if mixed %}
-- the parts of ratios by segment, of a period (1) and of the one before (0)
part_cells as (
    {%- for time in (1, 0) %}
    select
        changes.metric_name,
        changes.period_start,
        cells.segment_name,
        cells.segment_value,
        cells.counting_entities,
        cells.is_suppressed,
        metrics.part || '_{{ time }}' as part,
        {{ northstar.rounded(
            "case when metrics.total = 'entities' or metrics.unit_scale = 1"
            ~ ' then cells.contribution'
            ~ ' else ' ~ northstar.scaled('cells.contribution', 'metrics.unit_scale')
            ~ ' end'
        ) }} as value
    from changes
    inner join {{ ref('int_northstar__metrics') }} as metrics
        on changes.metric_name = metrics.published_name
    inner join cells
        on
            metrics.metric_name = cells.metric_name
            and changes.{{ 'period_start' if time == 1 else 'previous_start' }}
            = cells.period_start
    where changes.metric_name in ({{ northstar.names_of(mixed) }})
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

sides as (
    select
        metric_name,
        period_start,
        segment_name,
        segment_value,
        max(case when is_suppressed then 1 else 0 end) = 1 as is_suppressed,
        {%- for part in (
            'numerator_0', 'numerator_1', 'denominator_0', 'denominator_1'
        ) %}
        sum(case when part = '{{ part }}' then value else 0 end) as {{ part }},
        {%- endfor %}
        sum(
            case when part like 'denominator%' then counting_entities else 0 end
        ) > 0 as has_denominator
    from part_cells
    group by metric_name, period_start, segment_name, segment_value
),

-- where a segment has no denominator in one period, its rate is the other period's
rates as (
    select
        sides.metric_name,
        sides.period_start,
        sides.segment_name,
        sides.segment_value,
        sides.is_suppressed,
        sides.has_denominator,
        sides.denominator_0 as weight_0,
        sides.denominator_1 as weight_1,
        case when sides.denominator_0 = 0 then sides.numerator_0 else 0 end as stray_0,
        case when sides.denominator_1 = 0 then sides.numerator_1 else 0 end as stray_1,
        case when sides.denominator_0 = 0 then sides.numerator_1
            else sides.numerator_0 end as rate_numerator_0,
        case when sides.denominator_0 = 0 then sides.denominator_1
            else sides.denominator_0 end as rate_denominator_0,
        case when sides.denominator_1 = 0 then sides.numerator_0
            else sides.numerator_1 end as rate_numerator_1,
        case when sides.denominator_1 = 0 then sides.denominator_0
            else sides.denominator_1 end as rate_denominator_1,
        earlier.denominator as total_0,
        changes.denominator as total_1,
        {{ northstar.quotient('earlier.numerator', 'earlier.denominator') }} as ratio_0,
        {{ northstar.quotient('changes.numerator', 'changes.denominator') }} as ratio_1,
        changes.unit_scale
    from sides
    inner join changes
        on
            sides.metric_name = changes.metric_name
            and sides.period_start = changes.period_start
    inner join metric_periods as earlier
        on
            changes.metric_name = earlier.metric_name
            and changes.previous_start = earlier.period_start
),

-- own_10: the segment's rate of the period at its weight of the one before; whole_10:
-- the ratio itself at that weight
mix_products as (
    select
        metric_name,
        period_start,
        segment_name,
        case when is_suppressed then '(suppressed)' else segment_value end
            as segment_value,
        {%- for rate in (0, 1) %}
        {%- for weight in (0, 1) %}
        coalesce({{ northstar.product_quotient(
            ['weight_' ~ weight, 'rate_numerator_' ~ rate],
            ['total_' ~ weight, 'rate_denominator_' ~ rate],
        ) }}, 0) as own_{{ rate }}{{ weight }},
        {{ northstar.product_quotient(
            ['ratio_' ~ rate, 'weight_' ~ weight], ['total_' ~ weight]
        ) }} as whole_{{ rate }}{{ weight }},
        {%- endfor %}
        {%- endfor %}
        unit_scale
    from rates
    where has_denominator
),

-- twice what the rate and the mix of each segment add
mix_sums as (
    select
        metric_name,
        period_start,
        segment_name,
        segment_value,
        unit_scale,
        own_10 + own_11 - own_00 - own_01 as rate_sum,
        own_01 + own_11 - own_00 - own_10
        - (whole_01 + whole_11 - whole_00 - whole_10) as mix_sum
    from mix_products
),

-- what is added by numerators of segments without a denominator
strays as (
    select
        metric_name,
        period_start,
        segment_name,
        unit_scale,
        {{ northstar.quotient('sum(stray_0)', 'max(total_0)') }} as stray_0,
        {{ northstar.quotient('sum(stray_1)', 'max(total_1)') }} as stray_1
    from rates
    group by metric_name, period_start, segment_name, unit_scale
),

rate_mix as (
    {%- for effect in ('rate', 'mix') %}
    select
        changes.metric_name,
        changes.period_start,
        'rate_mix_' || changes.segment_name as method,
        changes.segment_name,
        changes.segment_value,
        '{{ effect }}' as effect,
        '{{ effect }}: ' || changes.segment_value as component,
        {{ northstar.in_unit(
            'sum(' ~ northstar.quotient(
                'changes.' ~ effect ~ '_sum', 'cast(2 as bigint)'
            ) ~ ')',
            'changes.unit_scale'
        ) }} as contribution
    from mix_sums as changes
    group by
        changes.metric_name,
        changes.period_start,
        changes.unit_scale,
        changes.segment_name,
        changes.segment_value

    union all
    {% endfor %}
    select
        changes.metric_name,
        changes.period_start,
        'rate_mix_' || changes.segment_name as method,
        changes.segment_name,
        cast(null as {{ text }}) as segment_value,
        cast(null as {{ text }}) as effect,
        '(no denominator)' as component,
        {{ northstar.in_unit(
            '(changes.stray_1 - changes.stray_0)', 'changes.unit_scale'
        ) }} as contribution
    from strays as changes
    where changes.stray_0 <> 0 or changes.stray_1 <> 0
),
{%- do parts.append('rate_mix') %}
{% endif %}
parts as (
    {%- for part in parts %}
    select * from {{ part }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

ranked as (
    select
        *,
        {{ northstar.additive('sum(contribution) over (
            partition by metric_name, period_start, method
        )') }} as contributed,
        row_number() over (
            partition by metric_name, period_start, method
            order by abs(contribution) desc, {{ northstar.byte_order('component') }}
        ) as size_rank
    from parts
)

select
    changes.metric_name,
    changes.metric_version,
    changes.grain,
    changes.period_start,
    changes.period_end,
    changes.period_status,
    ranked.method,
    ranked.segment_name,
    ranked.segment_value,
    ranked.effect,
    ranked.component,
    {{ northstar.rounded(
        'case when ranked.size_rank = 1'
        ~ ' then ranked.contribution + changes.change - ranked.contributed'
        ~ ' else ranked.contribution end'
    ) }} as contribution
from ranked
inner join changes
    on
        ranked.metric_name = changes.metric_name
        and ranked.period_start = changes.period_start
