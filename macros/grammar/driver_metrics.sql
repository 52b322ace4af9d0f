{#-
    Which metrics get drivers: the North Star, then `northstar_driver_metrics`, each once.

    driver_metrics('calendar', 'rolling')  those with a window of these kinds that can be
                                           followed; see is_followed()
    metrics_with_drivers()                 all of them, ratios and stocks too; none with
                                           `northstar_using_drivers: false`
    booked_metrics()                       those of which int_northstar__bookings holds
                                           the events

    Example: {% for metric in northstar.driver_metrics('calendar') %}
-#}
{% macro driver_metrics() -%}
    {%- set kinds = varargs -%}
    {%- set key = 'driver_metrics ' ~ kinds | join(' ') -%}
    {%- set known = northstar.recall(key) -%}
    {%- if known is not none -%}{{ return(known) }}{%- endif -%}
    {%- set found = [] -%}
    {%- for metric in northstar.metrics_with_drivers()
        if not metric.ratio and metric.window.kind in kinds
        and northstar.is_followed(metric) -%}
        {%- do found.append(metric) -%}
    {%- endfor -%}
    {{ return(northstar.remember(key, found)) }}
{%- endmacro %}

{% macro metrics_with_drivers() -%}
    {%- set named = var('northstar_driver_metrics', none) or [] -%}
    {%- if not northstar.uses_drivers() -%}{{ return([]) }}{%- endif -%}
    {%- set north_star = [] -%}
    {%- set added = [] -%}
    {%- for metric in northstar.metrics() -%}
        {%- if metric.is_north_star -%}
            {%- do north_star.append(metric) -%}
        {%- elif metric.name in named -%}
            {%- do added.append(metric) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(north_star + added) }}
{%- endmacro %}

{#- `northstar_using_drivers: false` leaves the metrics and takes all that explains them. -#}
{% macro uses_drivers() -%}
    {{ return(var('northstar_using_drivers')) }}
{%- endmacro %}

{#- False for people whose ids last a day: tomorrow the same visitor is another id. -#}
{% macro is_followed(metric) -%}
    {{ return(
        var('northstar_identity_scope') != 'daily'
        or metric.entity_column not in ('user_id', 'anonymous_id')
    ) }}
{%- endmacro %}

{% macro booked_metrics() -%}
    {%- set booked = northstar.driver_metrics('calendar') + [] -%}
    {%- for analysis in northstar.retention_analyses() if analysis.kind != 'period' -%}
        {%- for metric in analysis.metrics if metric not in booked -%}
            {%- do booked.append(metric) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(booked) }}
{%- endmacro %}
