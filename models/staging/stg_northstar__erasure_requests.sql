{{ config(enabled=northstar.has_input('northstar_erasure_requests')) }}

{%- set entries = northstar.input_entries('northstar_erasure_requests') -%}
{%- set columns = northstar.contract_columns('northstar_erasure_requests') -%}
{%- do northstar.assert_relations_match() %}

{% for entry in entries -%}
select
{%- for column in northstar.mapped_columns(entry, columns) %}
    {{ column.sql }} as {{ column.name }}{{ ',' if not loop.last }}
{%- endfor %}
from {{ northstar.input_relation(entry) }}
{{ 'union all' if not loop.last }}
{% endfor %}
