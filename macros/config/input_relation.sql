{#-
    The relation that an entry of an input reads, as dbt's ref() or source().

    Example: select * from {{ northstar.input_relation(entry) }}

    Arguments:
        entry: a mapping with `relation`, which is one of
            {ref: raw_events}               a model or seed of the project itself
            {ref: [other_package, events]}  one of a package that it installs
            {source: [app, events]}         a declared source

    The project is named to ref(), because a one-argument ref from a package into the
    project that installs it draws a warning about cycles.
-#}
{% macro input_relation(entry) -%}
    {%- set relation = entry['relation'] -%}
    {%- if 'source' in relation -%}
        {{ return(source(relation['source'][0], relation['source'][1])) }}
    {%- endif -%}
    {%- set named = relation['ref'] -%}
    {%- if named is string -%}
        {{ return(ref(project_name, named)) }}
    {%- elif named | length == 1 -%}
        {{ return(ref(project_name, named[0])) }}
    {%- endif -%}
    {{ return(ref(named[0], named[1])) }}
{%- endmacro %}
