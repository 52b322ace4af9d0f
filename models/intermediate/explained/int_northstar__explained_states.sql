{#-
    Stocks, interval by interval: which hold at a period's end, and why the others do
    not. One row per metric, period and interval of the metric's state.

    amount is what the interval adds to the entity's measure, null where it was dropped.
-#}

{{ config(enabled=northstar.state_metrics() | length > 0) }}

{%- set metrics = northstar.state_metrics() %}

with

states as (
    select * from {{ ref('int_northstar__states') }}
),

periods as (
    select * from {{ ref('int_northstar__periods') }}
    where starts_at <= watermark_at
),

judged as (
    {%- for metric in metrics %}
    {%- set other = metric.paired_with %}
    select
        '{{ metric.name }}' as metric_name,
        periods.period_start,
        states.entity_id,
        states.state,
        states.valid_from,
        states.valid_to,
        states.value,
        {{ 'states.value' if metric.state.value else '1' }} as held,
        case
            when states.valid_from >= periods.ends_at then 'not_begun'
            when states.valid_to < periods.ends_at then 'ended'
            {%- if metric.state.value %}
            when states.value is null then 'no_value'
            {%- elif other and other.state and other.state.value
                and other.state.name == metric.state.name
                and other.entity == metric.entity %}
            when states.value is null then 'no_value_in_other_part'
            {%- endif %}
        end as reason,
        {{ 'true' if metric.state.value else 'false' }} as adds_values
    from states
    inner join periods on periods.window_name = '{{ metric.window.name }}'
    where
        states.entity_type = '{{ metric.entity }}'
        and states.state = {{ northstar.string_literal(metric.state.name) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- without a value to add up, an entity counts once
numbered as (
    select
        *,
        row_number() over (
            partition by
                metric_name,
                period_start,
                entity_id,
                case when reason is null then 1 else 0 end
            order by valid_from, valid_to
        ) as interval_number
    from judged
)

select
    metric_name,
    period_start,
    entity_id,
    state,
    valid_from,
    valid_to,
    value,
    case
        when reason is not null then null
        when adds_values or interval_number = 1 then held
        else 0
    end as amount,
    case
        when reason in ('not_begun', 'ended') then 11 when reason is not null then 13
    end as dropped_at_step,
    case
        when reason is not null then reason
        when not adds_values and interval_number > 1 then 'counted_already'
    end as reason
from numbered
