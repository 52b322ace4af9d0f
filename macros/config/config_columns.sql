{#-
    The columns that a definition may name, by what they may be named for. Works from
    a configuration given to it, so it can be asked before the configuration is known
    to be sound.

    Example: northstar.config_columns(sound)['value']
    Returns: ['value', 'amount', 'seconds']

    Arguments:
        sound: what walk_config() returned

    row       in `where`, `key`, and `distinct` of `actors`
    distinct  in `distinct` of `per_entity`
    at        instants
    value     numbers
    unmapped  contract columns that no source maps
    are_known whether every source could be read; if not, a column that is not here
              may still be there
-#}
{% macro config_columns(sound) -%}
    {%- set row = [
        'event_id', 'event_name', 'occurred_at', 'loaded_at', 'source_name',
    ] -%}
    {%- set at = ['occurred_at', 'loaded_at'] -%}
    {%- set value = [] -%}
    {%- set unmapped = [] -%}
    {%- set mapped = [] -%}
    {%- set attributes = {} -%}
    {%- set sources = (sound.get('northstar_events') or {}).values() | list -%}
    {%- set unread = [] if sources else ['all'] -%}
    {%- for source in sources -%}
        {%- if not source or not source['columns'] or source['attributes'] is none -%}
            {%- do unread.append(source) -%}
        {%- else -%}
            {%- do mapped.extend(source['columns']) -%}
            {%- do attributes.update(source['attributes'] or {}) -%}
        {%- endif -%}
    {%- endfor -%}

    {%- for column in northstar.contract_columns('northstar_events') -%}
        {%- set name = column['name'] -%}
        {%- set is_person = name == 'user_id' and 'anonymous_id' in mapped -%}
        {%- if name in row -%}
        {%- elif name in mapped or is_person -%}
            {%- do row.append(name) -%}
            {%- if column['type'] == 'number' -%}
                {%- do value.append(name) -%}
            {%- endif -%}
        {%- else -%}
            {%- do unmapped.append(name) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for name, attribute in attributes.items() -%}
        {%- set type = attribute['type'] if attribute is mapping else none -%}
        {%- do row.append(name) -%}
        {%- if type in ['timestamp', none] -%}
            {%- do at.append(name) -%}
        {%- endif -%}
        {%- if type in ['number', none] -%}
            {%- do value.append(name) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return({
        'row': row,
        'distinct': row + ['local_date', 'local_week'],
        'at': at,
        'value': value,
        'unmapped': unmapped,
        'are_known': unread == [],
    }) }}
{%- endmacro %}


{#- A column named where it cannot be: not there, not mapped, or of another type. -#}
{% macro _column_problem(path, name, slot, columns) -%}
    {%- set allowed = columns[slot] | join(', ') -%}
    {%- set shown = northstar._key_text(name) -%}
    {%- if name in columns['unmapped'] -%}
        {{ return(northstar.config_problem(
            path, name, allowed=allowed,
            message='No source maps the column `' ~ shown ~ '`. Map it.',
            lines=['northstar_events:', '  - columns:', '      ' ~ name ~ ': ' ~ name],
        )) }}
    {%- elif name in columns['row'] -%}
        {{ return(northstar.config_problem(
            path, name, allowed=allowed,
            message='The column `' ~ shown ~ '` is not '
                ~ {'at': 'an instant', 'value': 'a number'}.get(slot, 'allowed here')
                ~ '.',
        )) }}
    {%- endif -%}
    {%- set near = northstar.nearest(name, columns[slot]) -%}
    {%- set is_plain = modules.re.fullmatch('[a-z][a-z0-9_]{0,62}', name) -%}
    {%- set map_it = ['northstar_events:', '  - attributes:',
        '      ' ~ name ~ ': ' ~ name] -%}
    {{ return(northstar.config_problem(
        path, name, allowed=allowed, near=near, write=near,
        message='There is no column ' ~ northstar.shown(name) ~ '. A definition names '
            ~ 'contract columns that a source maps, and attributes.',
        lines=map_it if near is none and is_plain else none,
    )) }}
{%- endmacro %}
