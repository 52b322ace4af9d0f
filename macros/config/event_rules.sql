{#-
    What must hold of the sources of events and the entities, beyond shape and type.

    Example: {% do northstar.event_rules(sound, columns, problems) %}
-#}
{% macro event_rules(sound, columns, problems) -%}
    {%- set sources = sound.get('northstar_events') or {} -%}
    {%- set entities = sound.get('northstar_entities') or {} -%}
    {%- do northstar._source_names_differ(sources, problems) -%}
    {%- do northstar._rows_have_ids(sources, entities, problems) -%}
    {%- do northstar._a_source_is_required(sources, problems) -%}
    {%- do northstar._attributes_are_free(sources, problems) -%}
    {%- do northstar._segments_are_text(sound, sources, columns, problems) -%}
    {%- if columns['are_known'] -%}
        {%- do northstar._entities_have_ids(entities, columns, problems) -%}
    {%- endif -%}
    {%- do northstar._relations_are_one(sound, problems) -%}
{%- endmacro %}


{% macro _source_names_differ(sources, problems) -%}
    {%- set seen = [] -%}
    {%- for position, source in sources.items() if source and source['name'] -%}
        {%- if source['name'] in seen -%}
            {%- do problems.append(northstar.config_problem(
                ['northstar_events', position, 'name'], source['name'],
                message='Two sources have this name.',
                allowed='a name of its own for each source',
                write=northstar._key_text(source['name'] ~ '_2'),
            )) -%}
        {%- endif -%}
        {%- do seen.append(source['name']) -%}
    {%- endfor -%}
{%- endmacro %}


{% macro _rows_have_ids(sources, entities, problems) -%}
    {%- set entity_ids = ['user_id', 'anonymous_id', 'account_id'] -%}
    {%- for entity in entities.values() if entity and entity['id'] -%}
        {%- do entity_ids.append(entity['id']) -%}
    {%- endfor -%}
    {%- for position, source in sources.items() if source and source['columns'] -%}
        {%- set mapped = source['columns'].keys() | list
            + (source['attributes'] or {}).keys() | list -%}
        {%- if 'event_id' not in mapped and 'rows_without_id' not in source -%}
            {%- do problems.append(northstar.config_problem(
                ['northstar_events', position, 'columns', 'event_id'], none,
                message='`event_id` is missing. A source without one says what its '
                    ~ 'rows are: `rows_without_id: distinct` (each row is an event) or '
                    ~ '`hash` (equal rows are one event).',
                allowed='a SQL expression, or rows_without_id',
                lines=[
                    'northstar_events:',
                    '  - columns:',
                    '      event_id: id',
                    '    # or, where there is no id:',
                    '    rows_without_id: hash',
                ],
            )) -%}
        {%- endif -%}
        {%- if mapped | select('in', entity_ids) | list | length == 0 -%}
            {%- do problems.append(northstar.config_problem(
                ['northstar_events', position, 'columns'],
                mapped,
                message='The source maps no id, so no row could belong to anyone.',
                allowed='at least one of user_id, anonymous_id, account_id, or an '
                    ~ 'attribute that is the id of an entity',
                lines=['northstar_events:', '  - columns:', '      user_id: user_id'],
            )) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}


{% macro _a_source_is_required(sources, problems) -%}
    {%- set counted = [] -%}
    {%- for source in sources.values() if not source or source['required'] != false -%}
        {%- do counted.append(source) -%}
    {%- endfor -%}
    {%- if sources and not counted -%}
        {%- do problems.append(northstar.config_problem(
            ['northstar_events', 0, 'required'], false,
            message='No source is required, and the required ones say how far the data '
                ~ 'reaches. Without one nothing would be published.',
            allowed='at least one source with `required: true`, the default',
            lines=['northstar_events:', '  - required: true'],
        )) -%}
    {%- endif -%}
{%- endmacro %}


{#- Attributes become columns beside the contract's, so their names must be free. -#}
{% macro _attributes_are_free(sources, problems) -%}
    {%- set contract = northstar.contract_columns('northstar_events')
        | map(attribute='name') | list -%}
    {%- set reserved = [
        'source_name', 'event_date', 'local_date', 'local_week', 'entity_id',
        'entity_type', 'row_hash', 'disposition', 'rejected_as', 'copy_disposition',
        'is_deduplicated', 'person_id', 'is_known_person', 'canonical_id',
        'booked_at', 'booked_date', 'measure', 'metric_name', 'metric_version',
        'grain', 'period_start', 'period_end', 'period_status', 'is_qualified',
        'growth_status', 'first_seen_at', 'anchor_at', 'anchor_source',
    ] -%}
    {%- set sql = [
        'all', 'and', 'as', 'asc', 'between', 'by', 'case', 'cast', 'check', 'column',
        'create', 'cross', 'current_date', 'current_time', 'current_timestamp',
        'default', 'desc', 'distinct', 'else', 'end', 'except', 'exists', 'false',
        'for', 'foreign', 'from', 'full', 'grant', 'group', 'having', 'in', 'inner',
        'intersect', 'interval', 'into', 'is', 'join', 'lateral', 'left', 'like',
        'limit', 'natural', 'not', 'null', 'offset', 'on', 'or', 'order', 'outer',
        'partition', 'primary', 'references', 'right', 'rows', 'select', 'some',
        'table', 'then', 'to', 'true', 'union', 'unique', 'user', 'using', 'values',
        'when', 'where', 'window', 'with',
    ] -%}
    {%- set types = {} -%}
    {%- for position, source in sources.items() if source -%}
        {%- for name, attribute in (source['attributes'] or {}).items() -%}
            {%- set path = ['northstar_events', position, 'attributes', name] -%}
            {%- set type = attribute['type'] if attribute is mapping else none -%}
            {%- if name in contract -%}
                {%- do problems.append(northstar.config_problem(
                    path, attribute,
                    message='`' ~ name ~ '` is a column of the contract. Map it under '
                        ~ '`columns`.',
                    allowed='any name that the contract does not have',
                    lines=northstar._yaml_lines(
                        ['northstar_events', position, 'columns', name], name
                    ),
                )) -%}
            {%- elif name in reserved or name in sql -%}
                {%- do problems.append(northstar.config_problem(
                    path, attribute,
                    message='`' ~ name ~ '` is a word that '
                        ~ ('SQL' if name in sql else 'the package') ~ ' keeps for '
                        ~ 'itself.',
                    allowed='another name',
                    lines=northstar._yaml_lines(
                        ['northstar_events', position, 'attributes', 'event_' ~ name],
                        northstar.sql_as_yaml(attribute) if attribute is string
                            else '…',
                    ),
                )) -%}
            {%- elif type is not none and types.get(name, type) != type -%}
                {%- do problems.append(northstar.config_problem(
                    path + ['type'], type,
                    message='Another source gives `' ~ name ~ '` the type '
                        ~ types[name] ~ '. An attribute has one type.',
                    allowed=types[name], write=types[name],
                )) -%}
            {%- endif -%}
            {%- if type is not none -%}
                {%- do types.update({name: type}) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}


{#- A declared segment is text that a source maps; those of the contract need no line. -#}
{% macro _segments_are_text(sound, sources, columns, problems) -%}
    {%- set named = northstar._present(sound.get('northstar_segments')) -%}
    {%- set events = [] -%}
    {%- for metric in northstar._present(sound.get('northstar_metrics')).values() -%}
        {%- do events.extend(northstar._present(metric['events']).values()) -%}
        {%- do events.append(metric['void'] or {}) -%}
    {%- endfor -%}
    {%- set types = northstar.attribute_types(
        sources.values() | select | list, events
    ) -%}
    {%- set origins = [
        'currency', 'utm_source', 'utm_medium', 'utm_campaign', 'referrer',
        'landing_page',
    ] -%}
    {%- set texts = origins | select('in', columns['row']) | list -%}
    {%- for name, type in types.items() if type not in ['number', 'instant'] -%}
        {%- do texts.append(name) -%}
    {%- endfor -%}
    {%- set own = northstar.segments() + ['growth_status'] -%}
    {%- set seen = [] -%}
    {%- for position, name in named.items() -%}
        {%- set shown = northstar._key_text(name) -%}
        {%- set near = northstar.nearest(name, texts) -%}
        {%- set message = none -%}
        {%- set lines = none -%}
        {%- if name in seen -%}
            {%- set message = '`' ~ shown ~ '` stands here twice.' -%}
        {%- elif name in own -%}
            {%- set message = '`' ~ name ~ '` is a segment of its own accord. '
                ~ ('It needs no line here.' if name == own[-1] else
                    'It needs a source that maps it under `columns`, and no line here.')
            -%}
        {%- elif types.get(name) in ['number', 'instant'] -%}
            {%- set message = 'The attribute `' ~ name ~ '` is '
                ~ ('an instant' if types[name] == 'instant' else 'a number')
                ~ ', and a segment is text. Map it once more, as the text by which to '
                ~ 'tell entities apart.' -%}
            {%- set lines = [
                'northstar_events:', '  - attributes:',
                '      ' ~ name ~ '_group: "case when … then … end"',
                'northstar_segments: [' ~ name ~ '_group]',
            ] -%}
        {%- elif name in texts and name | length > 55 -%}
            {%- set message = 'The name of a segment has 55 characters at most.' -%}
        {%- elif name in origins and name in columns['unmapped'] -%}
            {%- set message = 'No source maps the column `' ~ name ~ '`. Map it.' -%}
            {%- set lines = ['northstar_events:', '  - columns:',
                '      ' ~ name ~ ': ' ~ name] -%}
        {%- elif name not in texts and name in columns['row'] + columns['unmapped'] -%}
            {%- set message = '`' ~ name ~ '` does not tell groups of entities apart, as '
                ~ 'a segment does.' -%}
        {%- elif name not in texts and columns['are_known'] -%}
            {%- set message = 'There is no attribute ' ~ northstar.shown(name)
                ~ '. A segment is an attribute that a source maps, or one of its '
                ~ 'columns that describe where it came from.' -%}
            {%- if near is none and modules.re.fullmatch('[a-z][a-z0-9_]{0,54}', name) -%}
                {%- set lines = [
                    'northstar_events:', '  - attributes:', '      ' ~ name ~ ': ' ~ name,
                    'northstar_segments: [' ~ name ~ ']',
                ] -%}
            {%- endif -%}
        {%- endif -%}
        {%- if message -%}
            {%- set is_strange = lines is none and name not in texts + own -%}
            {%- do problems.append(northstar.config_problem(
                ['northstar_segments', position], name, message=message,
                near=near if is_strange else none,
                write=near if is_strange else none, lines=lines,
                allowed=northstar._some_of(texts) if texts else
                    'an attribute that a source maps',
            )) -%}
        {%- endif -%}
        {%- do seen.append(name) -%}
    {%- endfor -%}
{%- endmacro %}


{% macro _entities_have_ids(entities, columns, problems) -%}
    {%- set ids = ['user_id', 'anonymous_id', 'account_id'] -%}
    {%- set contract = northstar.contract_columns('northstar_events')
        | map(attribute='name') | list -%}
    {%- set attributes = columns['row']
        | reject('in', contract + ['source_name']) | list -%}
    {%- for name, entity in entities.items() if entity and entity['id'] -%}
        {%- set id = entity['id'] -%}
        {%- set path = ['northstar_entities', name, 'id'] -%}
        {%- set allowed = (ids + attributes) | join(', ') -%}
        {%- if id in ids and id in columns['unmapped'] -%}
            {%- do problems.append(
                northstar._column_problem(path, id, 'row', columns)
            ) -%}
        {%- elif id not in ids + attributes -%}
            {%- set near = northstar.nearest(id, ids + attributes) -%}
            {%- do problems.append(northstar.config_problem(
                path, id, allowed=allowed, near=near, write=near,
                message='The id of an entity is an id column or an attribute that a '
                    ~ 'source maps.',
                lines=none if near is not none else [
                    'northstar_events:',
                    '  - attributes:',
                    '      ' ~ northstar._key_text(id) ~ ': '
                        ~ northstar._key_text(id),
                ],
            )) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}


{#- A relation is a ref or a source, in every input. -#}
{% macro _relations_are_one(sound, problems) -%}
    {%- for input, entries in sound.items() if entries is mapping -%}
        {%- for position, entry in entries.items() if entry is mapping -%}
            {%- set relation = entry['relation'] -%}
            {%- if relation is mapping and relation | length != 1 -%}
                {%- do problems.append(northstar.config_problem(
                    [input] + ([position] if position is integer else [])
                        + ['relation'],
                    relation.keys() | list,
                    message='A relation is one ref or one source.',
                    allowed='{ref: model}, {ref: [package, model]} or '
                        ~ '{source: [source, table]}',
                    write='{ref: raw_events}',
                )) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}
