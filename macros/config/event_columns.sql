{#-
    What an event row has in this project: the contract columns that at least one
    source maps, in contract order, then the attributes by name.

    Output: a list of {name, type}. An attribute's type is `attribute`, its source's
    own, unless the project declares it or a definition needs another: `id` where it
    identifies an entity, `instant` where it books an event, `number` where it is summed.
-#}
{% macro event_columns() -%}
    {%- set known = northstar.recall('event_columns') -%}
    {%- if known is not none -%}{{ return(known) }}{%- endif -%}
    {%- set sources = northstar.input_entries('northstar_events') -%}
    {%- set columns = [] -%}
    {%- for column in northstar.contract_columns('northstar_events') -%}
        {%- if northstar.sources_with(sources, column.name) -%}
            {%- do columns.append(column) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set events = [] -%}
    {%- for definition in var('northstar_metrics', {}).values() -%}
        {%- do events.extend(definition.events or []) -%}
        {%- do events.append(definition.void or {}) -%}
    {%- endfor -%}
    {%- set types = northstar.attribute_types(sources, events) -%}
    {%- for entity in var('northstar_entities', {}).values() if entity.id in types -%}
        {%- do types.update({entity.id: 'id'}) -%}
    {%- endfor -%}
    {%- for name in types | sort -%}
        {%- do columns.append({'name': name, 'type': types[name]}) -%}
    {%- endfor -%}
    {{ return(northstar.remember('event_columns', columns)) }}
{%- endmacro %}

{#- The sources that map a contract column. -#}
{% macro sources_with(sources, column_name) -%}
    {%- set found = [] -%}
    {%- for source in sources if column_name in source.columns -%}
        {%- do found.append(source) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{% macro has_event_column(column_name) -%}
    {#- attributes are no contract columns #}
    {%- set contract = northstar.contract_columns('northstar_events')
        | map(attribute='name') -%}
    {{ return(
        column_name in contract and northstar.is_event_column(column_name)
    ) }}
{%- endmacro %}

{#-
    The type of each attribute by its name: as a source declares it, or as an event of a
    definition needs it, else `attribute`.
-#}
{% macro attribute_types(sources, events) -%}
    {%- set types = {} -%}
    {%- for source in sources -%}
        {%- for name, attribute in (source['attributes'] or {}).items() -%}
            {%- set declared = attribute['type'] if attribute is mapping -%}
            {%- do types.update({
                name: {'timestamp': 'instant'}.get(declared, declared)
                    or types.get(name, 'attribute')
            }) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for event in events -%}
        {%- for slot, type in [('at', 'instant'), ('value', 'number')]
            if event[slot] in types -%}
            {%- do types.update({event[slot]: type}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(types) }}
{%- endmacro %}
