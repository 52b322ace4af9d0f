{#-
    The entries of one input read through their mappings: for each entry, every column
    of `columns` as a typed SQL expression over the entry's relation. An attribute takes
    its own type, the same in every entry: text where they differ.

    Example: {% for mapped in northstar.mapped_columns(sources, columns) %}
                 {% for column in mapped %}{{ column.sql }} as {{ column.name }}, ...
    Output:  a list as long as `entries`, each a list of {name, type, sql, is_mapped}
-#}
{#- The sources of events, read through their mappings; asked of the warehouse once. -#}
{% macro event_mappings() -%}
    {%- set known = northstar.recall('event_mappings') -%}
    {%- if known is not none -%}{{ return(known) }}{%- endif -%}
    {{ return(northstar.remember('event_mappings', northstar.mapped_columns(
        northstar.input_entries('northstar_events'), northstar.event_columns()
    ))) }}
{%- endmacro %}

{% macro mapped_columns(entries, columns) -%}
    {%- set read = [] -%}
    {%- for entry in entries -%}
        {%- do read.append(northstar.read_mapping(entry, columns)) -%}
    {%- endfor -%}
    {%- set types = {} -%}
    {%- for mapping in read -%}
        {%- for column in mapping if column.expression is not none -%}
            {%- set type = northstar.staged_type(column.type, column.family) -%}
            {%- do types.update({
                column.name: type if types.get(column.name, type) == type else 'text'
            }) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set mapped = [] -%}
    {%- for mapping in read -%}
        {%- set staged = [] -%}
        {%- for column in mapping -%}
            {%- set type = types.get(column.name, column.type) -%}
            {%- do staged.append({
                'name': column.name,
                'type': type,
                'is_mapped': column.expression is not none,
                'sql': northstar.mapped_value(column.expression, type, column.family),
            }) -%}
        {%- endfor -%}
        {%- do mapped.append(staged) -%}
    {%- endfor -%}
    {{ return(mapped) }}
{%- endmacro %}

{#- What one entry maps: for each column its expression and the type family of that. -#}
{% macro read_mapping(entry, columns) -%}
    {%- set mapping = [] -%}
    {%- set expressions = [] -%}
    {%- for column in columns -%}
        {%- set attribute = (entry.attributes or {}).get(column.name) -%}
        {%- set attribute = attribute.expression if attribute is mapping else attribute -%}
        {%- set expression = entry.columns.get(column.name, attribute) -%}
        {%- do mapping.append({
            'name': column.name,
            'type': column.type,
            'expression': none if expression is none else expression | string,
        }) -%}
        {%- if expression is not none -%}
            {%- do expressions.append(expression | string) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set families = northstar.expression_types(
        northstar.input_relation(entry), expressions
    ) -%}
    {%- for column in mapping -%}
        {%- do column.update({
            'family': none if column.expression is none else families.pop(0)
        }) -%}
    {%- endfor -%}
    {{ return(mapping) }}
{%- endmacro %}

{#- An attribute is staged as what it is; everything else as the contract says. -#}
{% macro staged_type(type, family) -%}
    {%- if type != 'attribute' -%}
        {{ return(type) }}
    {%- endif -%}
    {{ return({
        'integer': 'number',
        'decimal': 'number',
        'float': 'number',
        'boolean': 'boolean',
        'timestamp': 'instant',
        'timestamptz': 'instant',
        'date': 'date',
    }.get(family, 'text')) }}
{%- endmacro %}
