{#-
    How a step is kept that others read several times.

    Example: {{ config(materialized=northstar.read_often()) }}

    A view, where an engine plans its SQL in no time. Spark plans it anew for each
    reading, and keeps all those plans in one: with fifty metrics it was at that for more
    than ten minutes. There it is a table.
-#}
{% macro read_often() -%}
    {{ return(adapter.dispatch('read_often', 'northstar')()) }}
{%- endmacro %}

{% macro default__read_often() -%}
    {{ return('northstar_view') }}
{%- endmacro %}

{% macro spark__read_often() -%}
    {{ return('northstar_table') }}
{%- endmacro %}
