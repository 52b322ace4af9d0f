{{ config(enabled=northstar.has_input('northstar_identity_links')) }}

{%- set entries = northstar.input_entries('northstar_identity_links') -%}
{%- set columns = northstar.contract_columns('northstar_identity_links') -%}
{%- do northstar.assert_relations_match() -%}
{%- set mappings = northstar.mapped_columns(entries, columns) %}

{% for entry in entries -%}
select
{%- for column in mappings[loop.index0] %}
    {{ column.sql }} as {{ column.name }}{{ ',' if not loop.last }}
{%- endfor %}
from {{ northstar.input_relation(entry) }}
{{ 'union all' if not loop.last }}
{% endfor %}
