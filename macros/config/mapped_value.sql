{#-
    The typed expression of one column over one input's relation, as staging selects it.
    A column that the entry does not map is a null of its type.

    Example: {{ northstar.mapped_value('created_at', 'instant', 'timestamptz') }}
    Output:  (created_at) at time zone 'UTC'

    expression: the SQL that the project wrote, or none
    type:       id, text, number, boolean, instant or date
    family:     the expression's own type (see expression_types), or none
-#}
{% macro mapped_value(expression, type, family) -%}
    {%- if expression is none -%}
        {%- set null_types = {
            'number': northstar.number_type(),
            'boolean': 'boolean',
            'instant': northstar.instant_type(),
            'date': 'date',
        } -%}
        {{ return('cast(null as ' ~ null_types.get(type, northstar.text_type()) ~ ')') }}
    {%- elif type == 'id' -%}
        {{ return('nullif(' ~ northstar.as_text(expression, family) ~ ", '')") }}
    {%- elif type == 'number' -%}
        {{ return(northstar.as_number(expression, family)) }}
    {%- elif type == 'boolean' -%}
        {{ return(northstar.as_boolean(expression, family)) }}
    {%- elif type == 'instant' -%}
        {{ return(northstar.as_instant(expression, family)) }}
    {%- elif type == 'date' -%}
        {{ return('cast(' ~ expression ~ ' as date)') }}
    {%- endif -%}
    {{ return(northstar.as_text(expression, family)) }}
{%- endmacro %}
