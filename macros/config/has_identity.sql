{#-
    Whether this project has anything to resolve.

    has_people()    some source maps user_id or anonymous_id
    has_identity()  and an id can belong to another: devices beside users, or links
-#}
{% macro has_people() -%}
    {{ return(
        northstar.has_event_column('user_id') or northstar.has_event_column('anonymous_id')
    ) }}
{%- endmacro %}

{% macro has_identity() -%}
    {{ return(
        northstar.has_people() and northstar.has_input('northstar_identity_links')
        or northstar.has_event_column('user_id')
        and northstar.has_event_column('anonymous_id')
    ) }}
{%- endmacro %}

{#- The id that a row itself carries for its person: the user, else the device. -#}
{% macro raw_person_id(rows=none) -%}
    {%- set ids = [] -%}
    {%- for column in ('user_id', 'anonymous_id') if northstar.has_event_column(column) -%}
        {%- do ids.append(rows ~ '.' ~ column if rows else column) -%}
    {%- endfor -%}
    {{ return('coalesce(' ~ ids | join(', ') ~ ')' if ids | length > 1 else ids[0]) }}
{%- endmacro %}
