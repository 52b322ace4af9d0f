{%- set sources = northstar.input_entries('northstar_events') -%}
{%- set columns = northstar.event_columns() -%}
{%- do northstar.assert_relations_match() -%}
{%- set mappings = northstar.mapped_columns(sources, columns) -%}

with
{% for source in sources %}
{%- set mapped = mappings[loop.index0] %}
source_{{ loop.index }} as (
    select
    {%- for column in mapped %}
        {{ column.sql }} as {{ column.name }}{{ ',' if not loop.last }}
    {%- endfor %}
    from {{ northstar.input_relation(source) }}
),

hashed_{{ loop.index }} as (
    select
        {{ northstar.string_literal(source.name) }} as source_name,
        *,
        {{ northstar.row_hash(mapped | selectattr('is_mapped')
            | rejectattr('name', 'equalto', 'loaded_at') | list) }} as row_hash
    from source_{{ loop.index }}
){{ ',' if not loop.last }}
{% endfor %}
{% for source in sources %}
select
    source_name,
{%- for column in columns %}
    {{ column.name }},
{%- endfor %}
    row_hash
from hashed_{{ loop.index }}
{{ 'union all' if not loop.last }}
{%- endfor %}
