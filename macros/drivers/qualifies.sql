{#-
    Steps 13 to 15 in a window that is not the metric's own, as if it were a period.

    qualifies(metric)          an aggregate over the rows of int_northstar__bookings in
                               the window: the measure, the threshold, the actors, and a
                               real event
    holds_in_window(metric, entity_id, begins_at, ends_at)
                               predicates of the states that must hold in the period,
                               each opening with `and`
    is_monotone(metric)        whether who has met the definition since an instant meets
                               it in every longer window: nothing is taken back, and no
                               state decides
    is_met_at_once(metric)     whether a single event meets it

    Example: having {{ northstar.qualifies(metric) }}
-#}
{% macro qualifies(metric) -%}
    {%- set conditions = ['max(case when is_void then 0 else 1 end) = 1'] -%}
    {%- if metric.at_least is not none and metric.measure == 'distinct' -%}
        {%- do conditions.append('count(distinct distinct_value) >= ' ~ metric.at_least) -%}
    {%- elif metric.at_least is not none -%}
        {%- do conditions.append('sum(amount) >= ' ~ metric.at_least) -%}
    {%- endif -%}
    {%- if metric.actors -%}
        {%- do conditions.append(
            'count(distinct actor_id) >= ' ~ (metric.actors.at_least or 1)
        ) -%}
    {%- endif -%}
    {{ return(conditions | join(' and ')) }}
{%- endmacro %}

{% macro holds_in_window(metric, entity_id, begins_at, ends_at) -%}
    {%- set predicates = [] -%}
    {%- for condition in northstar.period_conditions(metric) -%}
        {%- set first = begins_at if condition.at == 'period_all' else ends_at -%}
        {%- set last = begins_at if condition.at == 'period_any' else ends_at -%}
        {%- do predicates.append(
            'and exists (select 1 from ' ~ ref('northstar', 'int_northstar__merged_states')
            ~ " as states where states.entity_type = '" ~ metric.entity
            ~ "' and states.state = " ~ northstar.string_literal(condition.state)
            ~ ' and states.entity_id = ' ~ entity_id
            ~ ' and states.valid_from ' ~ ('<= ' if condition.at == 'period_all' else '< ')
            ~ first
            ~ ' and (states.valid_to is null or states.valid_to '
            ~ ('> ' if condition.at == 'period_any' else '>= ') ~ last ~ '))'
        ) -%}
    {%- endfor -%}
    {{ return(predicates | join(' ')) }}
{%- endmacro %}

{#- The states of `when` that are asked of a period, not of an event. -#}
{% macro period_conditions(metric) -%}
    {{ return(
        metric.when | selectattr('kind', 'equalto', 'state')
        | rejectattr('at', 'equalto', 'event') | list
    ) }}
{%- endmacro %}

{% macro is_monotone(metric) -%}
    {{ return(
        not northstar.period_conditions(metric)
        and (metric.at_least is none or northstar.only_grows(metric))
    ) }}
{%- endmacro %}

{% macro is_met_at_once(metric) -%}
    {{ return(
        not metric.actors
        and (
            metric.at_least is none
            or metric.at_least <= 1 and northstar.only_grows(metric)
        )
    ) }}
{%- endmacro %}

{#- A count from which nothing is taken back. -#}
{% macro only_grows(metric) -%}
    {{ return(
        metric.measure in ('count', 'distinct')
        and not (metric.void and metric.void.mode == 'net')
    ) }}
{%- endmacro %}
