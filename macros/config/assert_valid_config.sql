{#-
    Stop, with every mistake in the project's vars at once, or return ''.

    Example: {% do northstar.assert_valid_config() %}

    Arguments:
        given: values by the name of the var, in place of the project's own

    Models may ask as often as they like: while dbt parses, the first answer holds for
    the whole run. A project that maps no events at all gets a page to begin from.
-#}
{% macro assert_valid_config(given=none) -%}
    {%- set is_known = given is none and northstar._is_known_to_be_sound() -%}
    {%- if not is_known -%}
        {%- set events = var('northstar_events', none) if given is none
            else given['northstar_events'] | default(none) -%}
        {%- if events is none or events in [[], {}] -%}
            {%- do exceptions.raise_compiler_error(northstar.getting_started()) -%}
        {%- endif -%}
        {%- set problems = northstar.config_problems(given) -%}
        {%- if problems -%}
            {%- do exceptions.raise_compiler_error(
                northstar.problems_text(problems, 'in the vars of northstar')
            ) -%}
        {%- endif -%}
        {%- if given is none -%}
            {%- do northstar._remember_it_is_sound() -%}
        {%- endif -%}
    {%- endif -%}
    {{ return('') }}
{%- endmacro %}


{#-
    While dbt 1 parses, `graph` is an empty mapping that all nodes share and that is
    built anew before anything executes, so a note in it lasts as long as it is true.
    The run's id is in the note, because a partial parse keeps the mapping. In dbt 2
    nodes share nothing: while it parses, the one model that every project has asks.
-#}
{% macro _is_known_to_be_sound() -%}
    {%- if dbt_version.startswith('1.') -%}
        {{ return(
            not execute and graph.get('northstar_config_is_sound') == invocation_id
        ) }}
    {%- endif -%}
    {{ return(not execute and model.name != 'northstar__metric_definitions') }}
{%- endmacro %}


{% macro _remember_it_is_sound() -%}
    {%- if not execute and dbt_version.startswith('1.') -%}
        {%- do graph.update({'northstar_config_is_sound': invocation_id}) -%}
    {%- endif -%}
{%- endmacro %}
