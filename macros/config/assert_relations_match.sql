{#-
    Stop, with every mismatch between the mapped inputs and the warehouse at once, or
    return ''. Made for on-run-start, so that a slip in the mapping is one message and
    not the database's, from whichever model comes first.

    Example: on-run-start: "{{ northstar.assert_relations_match() }}"

    Arguments:
        config: values by the name of the var, in place of the project's own
-#}
{% macro assert_relations_match(config=none) -%}
    {%- if execute and northstar.recall('relations_match') is none -%}
        {%- set problems = northstar.relation_problems(config) -%}
        {%- if problems -%}
            {%- do exceptions.raise_compiler_error(northstar.problems_text(
                problems, 'between the vars of northstar and the warehouse'
            )) -%}
        {%- endif -%}
        {%- do northstar.remember('relations_match', true) -%}
    {%- endif -%}
    {{ return('') }}
{%- endmacro %}
