{%- set sources = northstar.input_entries('northstar_events') -%}
{%- do northstar.assert_relations_match() -%}
{%- set mappings = northstar.event_mappings() %}

{% for source in sources -%}
select
    {{ northstar.string_literal(source.name) }} as source_name,
{%- for column in mappings[loop.index0] %}
    {{ column.sql }} as {{ column.name }}{{ ',' if not loop.last }}
{% endfor %}
from {{ northstar.input_relation(source) }}
{{ 'union all' if not loop.last }}
{% endfor %}
