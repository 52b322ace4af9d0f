{#-
    Steps 13 to 15 from the explained events: each entity's measure, and the step and
    reason that kept it out of the total. One row per metric, period and entity; of a
    lifetime metric, per period with an event, standing until the next.

    dropped_at_step is 14 (below_threshold, too_few_actors, only_voids) or 15
    (not_in_state), or null. contribution is what the entity adds to the total, before
    unit_scale.
-#}

{%- set lifetimes = [] -%}
{%- for metric in northstar.event_metrics() if metric.window.kind == 'lifetime' -%}
    {%- do lifetimes.append("'" ~ metric.name ~ "'") -%}
{%- endfor -%}
{%- set conditioned = [] -%}
{%- for metric in northstar.computed_metrics() -%}
    {%- for condition in metric.when or []
        if condition.kind == 'state' and condition.at != 'event' -%}
        {%- do conditioned.append("'" ~ metric.name ~ "'") -%}
    {%- endfor -%}
{%- endfor %}

with

metrics as (
    select * from {{ ref('int_northstar__metrics') }}
),
{% if conditioned %}
-- whether the states of the period are as wanted is known from here
entity_measures as (
    select
        metric_name,
        period_start,
        entity_id,
        contribution is not null as is_counted
    from {{ ref('int_northstar__entity_measures') }}
    where
        not is_same_point
        and metric_name in ({{ conditioned | unique | join(', ') }})
),
{% endif %}
events as (
    select * from {{ ref('int_northstar__explained_events') }}
    where dropped_at_step is null
),

booked as (
    select
        metric_name,
        period_start,
        entity_id,
        count(*) as event_count,
        sum(amount) as measure,
        sum(new_actor) as actors,
        max(case when is_void then 0 else 1 end) as has_event
    from events
    group by metric_name, period_start, entity_id
    {%- if northstar.state_metrics() %}

    union all

    select
        metric_name,
        period_start,
        entity_id,
        count(*) as event_count,
        sum(amount) as measure,
        0 as actors,
        1 as has_event
    from {{ ref('int_northstar__explained_states') }}
    where dropped_at_step is null
    group by metric_name, period_start, entity_id
    {%- endif %}
),

measured as (
    select * from booked
    {%- if lifetimes %}
    where metric_name not in ({{ lifetimes | join(', ') }})

    union all
    {%- set life = 'partition by metric_name, entity_id order by period_start' %}

    -- a lifetime's measure runs on
    select
        metric_name,
        period_start,
        entity_id,
        sum(event_count) over ({{ life }}) as event_count,
        sum(measure) over ({{ life }}) as measure,
        sum(actors) over ({{ life }}) as actors,
        max(has_event) over ({{ life }}) as has_event
    from booked
    where metric_name in ({{ lifetimes | join(', ') }})
    {%- endif %}
),

judged as (
    select
        measured.*,
        metrics.total,
        case
            when measured.measure < metrics.at_least then 'below_threshold'
            when measured.actors < metrics.actors_at_least then 'too_few_actors'
            when metrics.total = 'entities' and measured.has_event = 0 then 'only_voids'
        end as threshold_reason,
        {%- if conditioned %}
        case when not entity_measures.is_counted then 'not_in_state' end
        {%- else %}
        cast(null as {{ northstar.text_type() }})
        {%- endif %} as state_reason
    from measured
    inner join metrics on measured.metric_name = metrics.metric_name
    {%- if conditioned %}
    left join entity_measures
        on
            measured.metric_name = entity_measures.metric_name
            and measured.period_start = entity_measures.period_start
            and measured.entity_id = entity_measures.entity_id
    {%- endif %}
)

select
    metric_name,
    period_start,
    entity_id,
    event_count,
    measure,
    actors,
    case
        when threshold_reason is not null then 14 when state_reason is not null then 15
    end as dropped_at_step,
    coalesce(threshold_reason, state_reason) as reason,
    case
        when threshold_reason is not null or state_reason is not null then 0
        when total = 'entities' then 1
        else measure
    end as contribution
from judged
