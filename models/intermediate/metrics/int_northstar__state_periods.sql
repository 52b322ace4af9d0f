{#-
    Stocks: who holds a metric's state at each period's end, and how much of it. One row
    per metric, period and entity.
-#}

{{ config(enabled=northstar.state_metrics() | length > 0) }}

{%- set metrics = northstar.state_metrics() %}

with

states as (
    select * from {{ ref('int_northstar__states') }}
),

periods as (
    select * from {{ ref('int_northstar__periods') }}
)
{% for metric in metrics %}
{%- set value = metric.state.value %}
{%- set other = metric.paired_with %}
select
    '{{ metric.name }}' as metric_name,
    periods.period_start,
    states.entity_id,
    {{ northstar.additive('sum(states.value)') if value else '1' }} as measure
from states
inner join periods
    on
        periods.window_name = '{{ metric.window.name }}'
        and periods.starts_at <= periods.watermark_at
        and states.valid_from < periods.ends_at
        and (states.valid_to is null or states.valid_to >= periods.ends_at)
where
    states.entity_type = '{{ metric.entity }}'
    and states.state = {{ northstar.string_literal(metric.state.name) }}
    {%- if value or (other and other.state and other.state.value
        and other.state.name == metric.state.name and other.entity == metric.entity) %}
    and states.value is not null
    {%- endif %}
group by periods.period_start, states.entity_id
{{ 'union all' if not loop.last }}
{% endfor %}
