{#- A sum over more than one currency means nothing. -#}

{%- set summed = [] -%}
{%- if northstar.has_event_column('currency') -%}
    {%- for metric in northstar.event_metrics()
        if metric.measure == 'sum' and not metric.part_of
        and 'value' in metric.events | map(attribute='value') -%}
        {%- do summed.append(metric) -%}
    {%- endfor -%}
{%- endif %}

with

events as (
    select * from {{ ref('int_northstar__events') }}
    where disposition = 'accepted'
),

currencies as (
    {%- for metric in summed %}
    select distinct
        '{{ metric.name }}' as metric_name,
        currency
    from events
    where {{ northstar.event_predicate(metric) }} and currency is not null
    {{ 'union all' if not loop.last }}
    {%- else %}
    select
        event_name as metric_name,
        event_name as currency
    from events
    where 1 = 0
    {%- endfor %}
)

select
    metric_name,
    count(*) as currencies
from currencies
group by metric_name
having count(*) > 1
