{{ config(enabled=northstar.has_input('northstar_states')) }}

{%- set entries = northstar.input_entries('northstar_states') -%}
{%- set columns = northstar.contract_columns('northstar_states') -%}
{%- do northstar.assert_relations_match() %}

{% for entry in entries -%}
select
{%- for column in northstar.mapped_columns(entry, columns) %}
    {{ column.sql }} as {{ column.name }}{{ ',' if not loop.last }}
{%- endfor %}
from {{ northstar.input_relation(entry) }}
{{ 'union all' if not loop.last }}
{% endfor %}
