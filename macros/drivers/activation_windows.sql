{#-
    The windows in which a metric counts as activation, in days since the anchor:
    `northstar_activation_windows`, or the metric's own if it is `since_anchor`.

    Example: {% for days in northstar.activation_windows(metric) %}
-#}
{% macro activation_windows(metric=none) -%}
    {%- if metric and metric.window.kind == 'since_anchor' -%}
        {{ return([metric.window.seconds // 86400]) }}
    {%- endif -%}
    {{ return(
        (var('northstar_activation_windows', none) or [1, 7, 14, 28]) | unique | sort
        | list
    ) }}
{%- endmacro %}
