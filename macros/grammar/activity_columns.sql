{#-
    The columns that make up a row of int_northstar__activity, beside its source and
    days: every id that names a person or an entity, the flags, the mapped segments.

    Output: a list of names
-#}
{% macro activity_columns() -%}
    {%- set ids = ['user_id', 'anonymous_id', 'account_id'] -%}
    {%- for entity in var('northstar_entities').values() -%}
        {%- do ids.append(entity.id) -%}
    {%- endfor -%}
    {%- set names = [] -%}
    {%- for name in ids + ['is_internal', 'is_bot', 'is_test'] + northstar.segments()
        + northstar.declared_segments() if northstar.is_event_column(name) -%}
        {%- do names.append(name) -%}
    {%- endfor -%}
    {{ return(names | unique | list) }}
{%- endmacro %}

{#- Whether an event row has a column, be it of the contract or an attribute. -#}
{% macro is_event_column(name) -%}
    {{ return(name in northstar.event_columns() | map(attribute='name') | list) }}
{%- endmacro %}
