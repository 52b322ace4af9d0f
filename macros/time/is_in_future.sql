{#-
    Whether a row says that it occurred after this run began, by more than the five
    minutes that clocks may differ. For sources that do not say when a row was loaded.
-#}
{% macro is_in_future() -%}
    {%- set now = run_started_at.strftime('%Y-%m-%d %H:%M:%S') -%}
    {{ return('occurred_at > ' ~ northstar.add_seconds(
        northstar.instant_literal(now), 300
    )) }}
{%- endmacro %}
