{#-
    A predicate over metric_name and metric_version: the definition in force, and not
    the version before that is published beside it.

    Example: select * from {{ ref('northstar__metric_periods') }}
             where {{ northstar.is_in_force() }}
    Output:  not (metric_name = 'weekly_teams' and metric_version = 1); 1 = 1 where no
             metric has a version before
-#}
{% macro is_in_force(metric_name='metric_name') -%}
    {%- set before = [] -%}
    {%- for metric in northstar.previous_versions() -%}
        {%- do before.append(
            'not (' ~ metric_name ~ " = '" ~ metric.published_name ~ "' and metric_version = "
            ~ metric.version ~ ')'
        ) -%}
    {%- endfor -%}
    {{ return(before | join(' and ') or '1 = 1') }}
{%- endmacro %}
