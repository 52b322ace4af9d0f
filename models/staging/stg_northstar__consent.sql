{{ config(enabled=northstar.has_input('northstar_consent')) }}

{%- set entries = northstar.input_entries('northstar_consent') -%}
{%- set columns = northstar.contract_columns('northstar_consent') -%}
{%- do northstar.assert_relations_match() -%}
{%- set mappings = northstar.mapped_columns(entries, columns) %}

{% for entry in entries -%}
select
{%- for column in mappings[loop.index0] %}
    {#- an input that maps no purpose speaks for every purpose #}
    {{ northstar.text_literal(var('northstar_consent_purpose'))
        if column.name == 'purpose' and not column.is_mapped
        else column.sql }} as {{ column.name }}{{ ',' if not loop.last }}
{%- endfor %}
from {{ northstar.input_relation(entry) }}
{{ 'union all' if not loop.last }}
{% endfor %}
