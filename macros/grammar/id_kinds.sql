{#-
    The columns of an event row that hold ids, by the kind of id in each.

    Output: {'user': 'user_id', 'anonymous': 'anonymous_id', 'account': 'account_id',
             'order_id': 'order_id'}
-#}
{% macro id_kinds() -%}
    {%- set kinds = {} -%}
    {%- for kind, column in [
        ('user', 'user_id'), ('anonymous', 'anonymous_id'), ('account', 'account_id')
    ] if northstar.has_event_column(column) -%}
        {%- do kinds.update({kind: column}) -%}
    {%- endfor -%}
    {%- for entity in var('northstar_entities').values()
        if entity.id not in ('user_id', 'anonymous_id', 'account_id') -%}
        {%- do kinds.update({entity.id: entity.id}) -%}
    {%- endfor -%}
    {{ return(kinds) }}
{%- endmacro %}
