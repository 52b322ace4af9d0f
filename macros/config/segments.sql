{#-
    The segment columns of the public marts.

    segments()         all of them; the marts carry each, `(unknown)` where not mapped
    mapped_segments()  those that at least one source of events maps
-#}
{% macro segments() -%}
    {{ return(['channel', 'device', 'country', 'plan', 'persona', 'company_size']) }}
{%- endmacro %}

{% macro mapped_segments() -%}
    {%- set mapped = [] -%}
    {%- for segment in northstar.segments() if northstar.has_event_column(segment) -%}
        {%- do mapped.append(segment) -%}
    {%- endfor -%}
    {{ return(mapped) }}
{%- endmacro %}
