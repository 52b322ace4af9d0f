{#-
    What has been worked out once in this run of dbt, so that fifty models do not each
    work it out again. dbt 1 has one mapping that all nodes of a run share, `graph`; the
    notes of a run are kept in it under the run's id. Other versions remember nothing
    and lose only time.

    recall(name)            what was remembered, else none
    remember(name, value)   notes and returns it

    Only the package's own nodes remember: the vars of other nodes are not these.
    Whatever is remembered is read and never changed.
-#}
{% macro recall(name) -%}
    {{ return(northstar._memory().get(name)) }}
{%- endmacro %}

{% macro remember(name, value) -%}
    {%- do northstar._memory().update({name: value}) -%}
    {{ return(value) }}
{%- endmacro %}

{% macro _memory() -%}
    {%- if not dbt_version.startswith('1.') or model is not defined
        or model.package_name != 'northstar' -%}
        {{ return({}) }}
    {%- endif -%}
    {%- set key = 'northstar_memory_' ~ invocation_id ~ ('_executing' if execute else '') -%}
    {%- if key not in graph -%}
        {%- do graph.update({key: {}}) -%}
    {%- endif -%}
    {{ return(graph[key]) }}
{%- endmacro %}
