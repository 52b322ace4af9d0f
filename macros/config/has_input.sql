{#-
    Whether an optional input is configured: a mapping or a list that holds something.

    Example: {{ config(enabled=northstar.has_input('northstar_states')) }}

    Arguments:
        name: the var, such as northstar_states

    Returns true or false, whatever the var holds.
-#}
{% macro has_input(name) -%}
    {%- set given = var(name, none) -%}
    {%- set is_listed = given is sequence and given is not string -%}
    {{ return((given is mapping or is_listed) and given | length > 0) }}
{%- endmacro %}
