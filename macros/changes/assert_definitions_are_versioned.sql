{#-
    Stop where a definition changed under a version that has been published, with the
    line that gives it a new one, or return ''. Made for on-run-start: nothing has been
    written then.

    Example: on-run-start: "{{ northstar.assert_definitions_are_versioned() }}"

    What was published is in int_northstar__published_values, full refreshes or not.
    `northstar_keep_versions: false` lets a development target redefine at will.
-#}
{% macro assert_definitions_are_versioned() -%}
    {%- if execute and flags.WHICH in ('run', 'build') and var('northstar_keep_versions') -%}
        {%- set problems = northstar.version_problems() -%}
        {%- if problems -%}
            {%- do exceptions.raise_compiler_error(northstar.problems_text(
                problems, 'between the definitions and what has been published'
            )) -%}
        {%- endif -%}
    {%- endif -%}
    {{ return('') }}
{%- endmacro %}

{#- A list of {path, given, allowed, write, message}; see config_problem(). -#}
{% macro version_problems() -%}
    {%- set problems = [] -%}
    {%- set published = northstar.stored('int_northstar__published_values') -%}
    {%- if published is not none -%}
        {%- set latest = {} -%}
        {%- for row in run_query(
            'select metric_name, metric_version, definition_hash, max(known_at)'
            ~ ' as known_at from ' ~ published
            ~ ' group by metric_name, metric_version, definition_hash'
            ~ ' order by metric_name, metric_version, known_at'
        ).rows -%}
            {%- do latest.setdefault(row[0], {}).update({row[1] | int: row[2]}) -%}
        {%- endfor -%}
        {%- for metric in northstar.metrics() + northstar.previous_versions() -%}
            {%- set name = metric.published_name or metric.name -%}
            {%- set versions = latest.get(name, {}) -%}
            {%- if versions.get(metric.version, metric.hash) != metric.hash -%}
                {%- do problems.append(northstar.config_problem(
                    ['northstar_metrics', name]
                        + (['previous'] if metric.published_name else []) + ['version'],
                    metric.version,
                    'The definition of `' ~ name ~ '` changed, and values of version '
                    ~ metric.version ~ ' have been published. A changed definition gets'
                    ~ ' a new version; `previous` keeps the old one beside it for a'
                    ~ ' while.',
                    allowed='the definition as it was, or a version that has not been'
                        ~ ' published',
                    write=versions.keys() | max + 1,
                )) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(problems) }}
{%- endmacro %}
