{#-
    Stop, with every mistake in the project's vars at once, or return ''.

    Example: {% do northstar.assert_valid_config() %}

    Arguments:
        config: values by the name of the var, in place of the project's own

    A node asks as often as it likes: what it has found sound it does not look at
    again. A project that maps no events at all gets a page to begin from.
-#}
{% macro assert_valid_config(config=none) -%}
    {%- if config is none and context.get('_northstar_config_is_sound') -%}
        {{ return('') }}
    {%- endif -%}
    {%- set events = var('northstar_events', none) if config is none
        else config.get('northstar_events') -%}
    {%- if events is none or events == [] or events == {} -%}
        {%- do exceptions.raise_compiler_error(northstar.getting_started()) -%}
    {%- endif -%}
    {%- set problems = northstar.config_problems(config) -%}
    {%- if problems -%}
        {%- do exceptions.raise_compiler_error(
            northstar.problems_text(problems, 'in the vars of northstar')
        ) -%}
    {%- endif -%}
    {%- if config is none and dbt_version.startswith('1.') -%}
        {%- do context.update({'_northstar_config_is_sound': true}) -%}
    {%- endif -%}
    {{ return('') }}
{%- endmacro %}
