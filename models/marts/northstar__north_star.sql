{%- set north_star = northstar.metrics() | selectattr('is_north_star') | first -%}
{%- set adds_up = not north_star.ratio and north_star.window.kind != 'lifetime' %}

with

metric_periods as (
    select * from {{ ref('northstar__metric_periods') }}
    where is_north_star
),

-- a row for the period itself, so that a period in which nothing happened is 0
north_star as (
    select
        period_start,
        period_end,
        period_status,
        cast(null as {{ northstar.text_type() }}) as entity_id,
        {{ '0' if adds_up else 'value' }} as contribution,
        0 as qualified_entities,
        '(none)' as growth_status,
        {%- for segment in northstar.segments() %}
        '(unknown)' as {{ segment }}{{ ',' if not loop.last }}
        {%- endfor %}
    from metric_periods
    {%- if adds_up %}

    union all

    select
        period_start,
        period_end,
        period_status,
        entity_id,
        contribution,
        case when is_qualified then 1 else 0 end as qualified_entities,
        coalesce(growth_status, '(none)') as growth_status,
        {%- for segment in northstar.segments() %}
        {{ segment }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('northstar__entity_periods') }}
    where
        metric_name = '{{ north_star.name }}'
        and metric_version = {{ north_star.version }}
    {%- endif %}
)

select
    period_start,
    period_end,
    period_status,
    entity_id,
    {{ northstar.rounded('contribution') }} as contribution,
    qualified_entities,
    growth_status,
{%- for segment in northstar.segments() %}
    {{ segment }}{{ ',' if not loop.last }}
{%- endfor %}
from north_star
