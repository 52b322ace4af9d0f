{#-
    Step 4 as expressions over rows `rows`, left joined to int_northstar__identities as
    `identities` where the project has anything to resolve.

    person_id(rows)         the canonical id of the row's person
    is_known_person(rows)   whether some id of the person is a known user
-#}
{% macro person_id(rows) -%}
    {%- set raw = northstar.raw_person_id(rows) -%}
    {{ return(
        'coalesce(identities.canonical_id, ' ~ raw ~ ')' if northstar.has_identity()
        else raw
    ) }}
{%- endmacro %}

{% macro is_known_person(rows) -%}
    {%- set known = [] -%}
    {%- if northstar.has_event_column('user_id') -%}
        {%- do known.append(rows ~ '.user_id is not null') -%}
    {%- endif -%}
    {%- if northstar.has_identity() -%}
        {%- do known.append('coalesce(identities.is_known, false)') -%}
    {%- endif -%}
    {{ return(known | join(' or ') or 'false') }}
{%- endmacro %}
