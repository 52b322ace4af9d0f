{#-
    Segments: what the public marts take a metric apart by.

    segments()            those of the contract; the marts with a column for each carry
                          all of them, `(unknown)` where not mapped
    declared_segments()   the names in `northstar_segments`: attributes, and columns of
                          the contract that are text
    mapped_segments()     those of the contract that a source maps, then the declared
    segment_value(segment)   the value in a row of events, under its column's name
    contract_segment(name, rows)   the value in rows that have what is mapped, for those
                                   of the contract

    Output of mapped_segments(): a list of {name, column}. The name is what the marts
    say; the column is its name in models where other names could be the same.
-#}
{% macro segments() -%}
    {{ return(['channel', 'device', 'country', 'plan', 'persona', 'company_size']) }}
{%- endmacro %}

{% macro declared_segments() -%}
    {{ return(var('northstar_segments', none) or []) }}
{%- endmacro %}

{% macro mapped_segments() -%}
    {%- set known = northstar.recall('mapped_segments') -%}
    {%- if known is not none -%}{{ return(known) }}{%- endif -%}
    {%- set mapped = [] -%}
    {%- for name in northstar.segments() if northstar.has_event_column(name) -%}
        {%- do mapped.append({'name': name, 'column': name}) -%}
    {%- endfor -%}
    {%- for name in northstar.declared_segments() -%}
        {%- do mapped.append({'name': name, 'column': 'segment_' ~ name}) -%}
    {%- endfor -%}
    {{ return(northstar.remember('mapped_segments', mapped)) }}
{%- endmacro %}

{% macro segment_value(segment) -%}
    {%- set name = segment.name -%}
    {%- if segment.column == name -%}{{ return(name) }}{%- endif -%}
    {%- set types = {} -%}
    {%- for column in northstar.event_columns() -%}
        {%- do types.update({column.name: column.type}) -%}
    {%- endfor -%}
    {%- set values = {
        'id': name,
        'text': name,
        'boolean': 'case when ' ~ name ~ " then 'true' when not " ~ name
            ~ " then 'false' end",
    } -%}
    {%- set value = values.get(
        types[name], 'cast(' ~ name ~ ' as ' ~ northstar.text_type() ~ ')'
    ) -%}
    {{ return(value ~ ' as ' ~ segment.column) }}
{%- endmacro %}

{% macro contract_segment(name, rows) -%}
    {{ return(
        rows ~ '.' ~ name if northstar.has_event_column(name)
        else "'(unknown)' as " ~ name
    ) }}
{%- endmacro %}
