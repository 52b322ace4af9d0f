{#-
    What must not get worse while the North Star gets better.

    guardrail_metrics()      the metrics with `level: guardrail`, and those that some
                             metric names under `guardrails`
    voided_metrics()         the calendar driver metrics that say what takes an event
                             back, each with `declared`: its void, one with `mode:
                             ignore` too, which the metric itself does not apply
    guarded_pairs()          a calendar driver metric, and each metric of the same entity
                             and grain that it names under `guardrails`
    guardrail_stride(metric) days from a window to the next that does not overlap;
                             none but for rolling ones

    Example: {% for metric, void in northstar.voided_metrics() %}
-#}
{% macro guardrail_metrics() -%}
    {%- if not northstar.uses_drivers() -%}{{ return([]) }}{%- endif -%}
    {%- set named = [] -%}
    {%- for metric in northstar.metrics() -%}
        {%- do named.extend(metric.governance.guardrails or []) -%}
    {%- endfor -%}
    {%- set found = [] -%}
    {%- for metric in northstar.metrics()
        if metric.level == 'guardrail' or metric.name in named -%}
        {%- do found.append(metric) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{% macro voided_metrics() -%}
    {%- set voided = [] -%}
    {%- for metric in northstar.driver_metrics('calendar') if metric.governance.void -%}
        {%- set void = metric.governance.void -%}
        {%- do voided.append((metric, {
            'event': void.event,
            'key': void.key,
            'value': void.value or none,
            'wait': (void.within_days or 0) * 86400,
        })) -%}
    {%- endfor -%}
    {{ return(voided) }}
{%- endmacro %}

{% macro guarded_pairs() -%}
    {%- set pairs = [] -%}
    {%- for metric in northstar.driver_metrics('calendar') -%}
        {%- for guard in northstar.metrics()
            if guard.name in (metric.governance.guardrails or []) and not guard.ratio
            and guard.window.kind == 'calendar' and guard.entity == metric.entity
            and guard.window.grain == metric.window.grain -%}
            {%- do pairs.append((metric, guard)) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(pairs) }}
{%- endmacro %}

{% macro guardrail_stride(metric) -%}
    {%- if metric.window.kind != 'rolling' -%}{{ return(none) }}{%- endif -%}
    {%- set step = metric.window.step_days -%}
    {{ return((metric.window.days + step - 1) // step * step) }}
{%- endmacro %}
