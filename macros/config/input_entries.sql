{#-
    The entries of an input, as a list, however the project wrote it: one mapping or a
    list of them. Empty where the input is not configured.

    Example: {% for source in northstar.input_entries('northstar_events') %}

    While dbt parses, the first use of any input validates the whole configuration, so
    that a mistake is one message and not a failure in whichever model comes first.
-#}
{% macro input_entries(input) -%}
    {%- if not execute -%}
        {%- do northstar.assert_valid_config() -%}
    {%- endif -%}
    {%- set configured = var(input, []) -%}
    {{ return([configured] if configured is mapping else configured) }}
{%- endmacro %}
