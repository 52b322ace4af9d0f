{{ config(enabled=northstar.has_input('northstar_signals')) }}

{%- set entries = northstar.input_entries('northstar_signals') -%}
{%- set columns = northstar.contract_columns('northstar_signals') -%}
{%- do northstar.assert_relations_match() -%}
{%- set mappings = northstar.mapped_columns(entries, columns) %}

{% for entry in entries -%}
select
{%- for column in mappings[loop.index0] %}
    {{ column.sql }} as {{ 'signal_at' if column.name == 'date' else column.name }}
    {{- ',' if not loop.last }}
{%- endfor %}
from {{ northstar.input_relation(entry) }}
{{ 'union all' if not loop.last }}
{% endfor %}
