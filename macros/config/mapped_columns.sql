{#-
    One input entry read through its mapping: for every column of `columns`, the typed
    SQL expression over the entry's relation.

    Example: {% for column in northstar.mapped_columns(source, columns) %}
                 {{ column.sql }} as {{ column.name }},
    Output:  a list of {name, type, sql, is_mapped}
-#}
{% macro mapped_columns(entry, columns) -%}
    {%- set mapped = [] -%}
    {%- for column in columns -%}
        {%- set attribute = (entry.attributes or {}).get(column.name) -%}
        {%- set attribute = attribute.expression if attribute is mapping else attribute -%}
        {%- set expression = entry.columns.get(column.name, attribute) -%}
        {%- do mapped.append({
            'name': column.name,
            'type': column.type,
            'expression': none if expression is none else expression | string,
        }) -%}
    {%- endfor -%}
    {%- set expressions = mapped | map(attribute='expression') | reject('none') | list -%}
    {%- set families = northstar.expression_types(
        northstar.input_relation(entry), expressions
    ) -%}
    {%- set typed = [] -%}
    {%- for column in mapped -%}
        {%- set is_mapped = column.expression is not none -%}
        {%- set family = families.pop(0) if is_mapped else none -%}
        {%- do typed.append({
            'name': column.name,
            'type': 'number' if column.type == 'attribute' and family in ('number', 'float')
                else 'instant' if column.type == 'attribute'
                    and family in ('timestamp', 'timestamptz')
                else column.type,
            'is_mapped': is_mapped,
            'sql': northstar.mapped_value(column.expression, column.type, family),
        }) -%}
    {%- endfor -%}
    {{ return(typed) }}
{%- endmacro %}
