{#-
    How long after a period's end its value is provisional: the grace, the anchor window
    where cohorts are booked, and the days in which an excluding void may come.

    Example: {{ northstar.waiting_seconds(metric) }}
-#}
{% macro waiting_seconds(metric) -%}
    {%- set grace = (var('northstar_grace_hours') * 3600) | int -%}
    {%- set anchor_window = metric.window.seconds if metric.window.book == 'cohort' else 0 -%}
    {%- set void_window = metric.void.within_days * 86400
        if metric.void and metric.void.mode == 'exclude' and metric.void.within_days
        else 0 -%}
    {{ return(grace + anchor_window + void_window) }}
{%- endmacro %}
