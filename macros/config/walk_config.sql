{#-
    Hold a configuration against the schema: shape, types and spelling, not meaning.

    Example: {% set sound = northstar.walk_config(given, schema, problems) %}

    Arguments:
        config: values by the name of the var
        schema: config_schema()
        problems: a list; what is wrong is appended to it

    Returns a copy that rules can read without fear: every key in it is known, and
    every value is of its type, or none where it was wrong. A list is a mapping from
    position to item (an item that came without its list is at 0).

    It goes down level by level and not by recursion, and the commonest leaves are
    settled where their mapping is read, since a call costs more than all else.
-#}
{% macro walk_config(config, schema, problems) -%}
    {%- set is_right = northstar._is_right -%}
    {%- set name_pattern = modules.re.compile('[a-z][a-z0-9_]{0,62}') -%}
    {%- set sound = {} -%}
    {%- set level = namespace(nodes=[]) -%}
    {%- for name, value in config.items() if name in schema -%}
        {%- do sound.update({name: value}) -%}
        {%- do level.nodes.append([[name], value, schema[name], sound, name]) -%}
    {%- endfor -%}

    {%- for _ in range(20) if level.nodes -%}
        {%- set below = [] -%}
        {%- for path, value, rule, parent, key in level.nodes -%}
            {%- set is_list = value is sequence and value is not string
                and value is not mapping -%}
            {%- if (value is mapping or is_list) and 'or' in rule -%}
                {%- set rule = rule['or'] -%}
            {%- endif -%}
            {%- set type = rule['type'] -%}
            {%- set problem = none -%}
            {%- set copy = none -%}

            {%- if value is none -%}
                {%- set problem = none if 'may_be_null' in rule
                    else northstar._no_value(path, rule) -%}
            {%- elif 'may_be_null' in rule and value in [[], {}] -%}

            {%- elif type == 'mapping' and value is mapping -%}
                {%- set copy = value.copy() -%}
                {%- set keys = rule['keys'] -%}
                {%- for name in value -%}
                    {%- set child = value[name] -%}
                    {%- if name is not string or name not in keys -%}
                        {%- do copy.pop(name) -%}
                        {%- do problems.append(
                            northstar._unknown_key(path, name, child, rule)
                        ) -%}
                    {%- else -%}
                        {%- set inner = keys[name] -%}
                        {%- set kind = inner['type'] -%}
                        {%- if not (child is string and (
                            (kind == 'text' and child | trim)
                            or (kind == 'choice' and child in inner['allowed'])
                            or (kind == 'expression' and child.isidentifier())
                        )) -%}
                            {%- do below.append(
                                [path + [name], child, inner, copy, name]
                            ) -%}
                        {%- endif -%}
                    {%- endif -%}
                {%- endfor -%}
                {%- if 'required' in rule -%}
                    {%- for name in rule['required'] if name not in value -%}
                        {%- do problems.append(
                            northstar._missing_key(path, name, keys[name])
                        ) -%}
                    {%- endfor -%}
                {%- endif -%}

            {%- elif type == 'mapping_of' and value is mapping -%}
                {%- set copy = value.copy() -%}
                {%- set by_name = rule['by_name'] or {} -%}
                {%- for name, child in value.items() -%}
                    {%- if name is string and name_pattern.fullmatch(name) -%}
                        {%- set inner = by_name[name] if name in by_name
                            else rule['of'] -%}
                        {%- do below.append([path + [name], child, inner, copy, name]) -%}
                    {%- else -%}
                        {%- do copy.pop(name) -%}
                        {%- do problems.append(
                            northstar._bad_name(path, name, rule)
                        ) -%}
                    {%- endif -%}
                {%- endfor -%}

            {%- elif type == 'list' and value is mapping and 'or_one' in rule -%}
                {%- set copy = {0: value} -%}
                {%- do below.append([path, value, rule['of'], copy, 0]) -%}

            {%- elif type == 'list' and is_list
                and ('least' not in rule or value | length >= rule['least']) -%}
                {%- set copy = {} -%}
                {%- for item in value -%}
                    {%- set position = copy | length -%}
                    {%- do copy.update({position: item}) -%}
                    {%- do below.append(
                        [path + [position], item, rule['of'], copy, position]
                    ) -%}
                {%- endfor -%}

            {%- elif is_right(value, rule, is_list) -%}
                {%- set copy = value -%}
            {%- else -%}
                {%- set problem = northstar._wrong_value(path, value, rule) -%}
            {%- endif -%}

            {%- if copy is not sameas value -%}
                {%- do parent.update({key: copy}) -%}
            {%- endif -%}
            {%- if problem is not none -%}
                {%- do problems.append(problem) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- set level.nodes = below -%}
    {%- endfor -%}
    {{ return(sound) }}
{%- endmacro %}


{#- Whether a value that is not a mapping or a list of rules is of its type. -#}
{% macro _is_right(value, rule, is_list) -%}
    {%- set type = rule['type'] -%}
    {%- if type == 'text' -%}
        {{ return(value is string and value.strip() != '') }}
    {%- elif type == 'choice' -%}
        {{ return(value is string and value in rule['allowed']) }}
    {%- elif type == 'days' -%}
        {{ return(
            value is string
            and modules.re.fullmatch('[1-9][0-9]{0,3}d', value) is not none
            and value[:-1] | int <= 3660
        ) }}
    {%- elif type in ['integer', 'number'] -%}
        {%- set is_number = value is integer
            or (type == 'number' and value is float) -%}
        {{ return(
            is_number
            and value * 0 == 0
            and ('least' not in rule or value >= rule['least'])
            and ('most' not in rule or value <= rule['most'])
            and ('above' not in rule or value > rule['above'])
            and not (rule['not_zero'] and value == 0)
        ) }}
    {%- elif type == 'boolean' -%}
        {{ return(value is boolean) }}
    {%- elif type == 'expression' -%}
        {{ return(
            value is string and northstar.sql_expression_problem(value) == ''
        ) }}
    {%- elif type == 'zone' -%}
        {%- set zones = modules.pytz.all_timezones_set -%}
        {%- if value is string and not zones -%}
            {#- dbt 2 has no list of them, and stops by itself where there is none -#}
            {{ return(modules.pytz.timezone(value) is not none) }}
        {%- endif -%}
        {{ return(value is string and value in zones) }}
    {%- elif type == 'date' -%}
        {{ return(northstar._is_date(value)) }}
    {%- elif type == 'age' -%}
        {{ return(
            value is string
            and modules.re.fullmatch('[<>]=? *[0-9]{1,4}d', value) is not none
        ) }}
    {%- elif type == 'names' and is_list -%}
        {%- set texts = value | select('string') | select('ne', '') | list -%}
        {{ return(
            texts | length == value | length
            and value | length > 0
            and value | length in (rule['sizes'] or [value | length])
        ) }}
    {%- endif -%}
    {{ return(false) }}
{%- endmacro %}


{#- A date of YAML, or the text 2026-01-31. -#}
{% macro _is_date(value) -%}
    {%- if value is not string -%}
        {{ return(value.isoformat is defined and value.hour is not defined) }}
    {%- elif not modules.re.fullmatch('[12][0-9]{3}-[0-9]{2}-[0-9]{2}', value) -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set year = value[:4] | int -%}
    {%- set month = value[5:7] | int -%}
    {%- set is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) -%}
    {%- set longest = 30 if month in [4, 6, 9, 11] else 31 -%}
    {%- if month == 2 -%}
        {%- set longest = 29 if is_leap else 28 -%}
    {%- endif -%}
    {%- set day = value[8:] | int -%}
    {{ return(month >= 1 and month <= 12 and day >= 1 and day <= longest) }}
{%- endmacro %}


{% macro _no_value(path, rule) -%}
    {{ return(northstar.config_problem(
        path, none,
        message='The key has no value. Write one, or take the line out.',
        allowed=northstar._allowed(rule), write=northstar._example(rule, path),
    )) }}
{%- endmacro %}


{% macro _missing_key(path, name, rule) -%}
    {{ return(northstar.config_problem(
        path + [name], none,
        message='`' ~ name ~ '` is missing.',
        allowed=northstar._allowed(rule), write=northstar._example(rule, path + [name]),
    )) }}
{%- endmacro %}


{% macro _unknown_key(path, name, value, rule) -%}
    {%- set known = rule['keys'].keys() | list -%}
    {%- set allowed = 'the keys ' ~ known | join(', ') -%}
    {%- if name is not string -%}
        {{ return(northstar.config_problem(
            path, name, allowed=allowed, message=northstar._not_text(name),
        )) }}
    {%- endif -%}
    {%- set message = 'There is no key ' ~ northstar.shown(name) ~ ' here.' -%}
    {%- set homes = northstar._homes(name, rule) -%}
    {%- set near = northstar.nearest(name, known) if not homes else none -%}
    {%- set lines = none -%}
    {%- if homes -%}
        {%- set places = homes | join('` or `') -%}
        {%- set message = message ~ ' It belongs under `' ~ places ~ '`.' -%}
    {%- elif near is not none -%}
        {%- set write = northstar._example(rule['keys'][near], path + [near]) -%}
        {%- set lines = northstar._yaml_lines(path + [near], write) -%}
    {%- endif -%}
    {{ return(northstar.config_problem(
        path + [name], value, allowed=allowed, near=near, message=message, lines=lines,
    )) }}
{%- endmacro %}


{#- The keys beside a misplaced one that take it inside. -#}
{% macro _homes(name, rule) -%}
    {%- set homes = [] -%}
    {%- for key, inner in rule['keys'].items() -%}
        {%- set inside = inner['of'] if 'of' in inner else inner -%}
        {%- if 'keys' in inside and name in inside['keys'] -%}
            {%- do homes.append(key) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(homes) }}
{%- endmacro %}


{#- A key that is not text, such as the boolean that YAML 1.1 makes of `on`. -#}
{% macro _not_text(name) -%}
    {%- if name is boolean -%}
        {{ return(
            'A key here is the boolean ' ~ name | string | lower ~ '. YAML reads on, '
            ~ 'off, yes and no as booleans: use another word, or quote it.'
        ) }}
    {%- endif -%}
    {{ return('A key here is ' ~ northstar.shown(name) ~ ', which is not text.') }}
{%- endmacro %}


{#- A name that the project chose and that cannot be one. -#}
{% macro _bad_name(path, name, rule) -%}
    {%- set allowed = 'a lower-case letter, then lower-case letters, digits and '
        ~ 'underscores; at most 63' -%}
    {%- if name is not string -%}
        {{ return(northstar.config_problem(
            path, name, allowed=allowed, message=northstar._not_text(name),
        )) }}
    {%- endif -%}
    {%- set better = modules.re.sub('[^a-z0-9]+', '_', name | lower).strip('_')[:63] -%}
    {%- set is_better = modules.re.fullmatch('[a-z][a-z0-9_]*', better) -%}
    {{ return(northstar.config_problem(
        path + [name], name, allowed=allowed,
        message=northstar.shown(name) ~ ' cannot be the name of ' ~ (
            {'attribute': 'an attribute', 'entity': 'an entity'}.get(rule['names'])
            or 'a ' ~ rule['names']
        ) ~ '.',
        lines=northstar._yaml_lines(
            path + [better], northstar._example(rule['of'], path + [better])
        ) if is_better else none,
    )) }}
{%- endmacro %}


{#- A value of the wrong type, or out of its range. -#}
{% macro _wrong_value(path, value, rule) -%}
    {%- set type = rule['type'] -%}
    {%- set place = '`' ~ northstar._key_text(path[-1]) ~ '`' -%}
    {%- if path[-1] is integer -%}
        {%- set place = 'Each item of `' ~ northstar._key_text(path[-2]) ~ '`' -%}
    {%- endif -%}
    {%- set allowed = northstar._allowed(rule) -%}
    {%- set message = place ~ ' takes ' ~ {
        'mapping': 'a mapping', 'mapping_of': 'a mapping', 'list': 'a list',
    }.get(type, allowed) ~ '.' -%}
    {%- set near = none -%}
    {%- set write = northstar._example(rule, path) -%}
    {%- if type == 'choice' and value is string -%}
        {%- set near = northstar.nearest(value, rule['allowed']) -%}
        {%- set write = near or write -%}
    {%- elif type == 'zone' and value is string -%}
        {%- set near = northstar.nearest(value, modules.pytz.all_timezones) -%}
        {%- set write = near or write -%}
        {%- set message = 'There is no time zone of this name.' -%}
    {%- elif type == 'expression' and value is string and value.strip() -%}
        {%- set message = northstar.sql_expression_problem(value) -%}
        {%- set write = northstar._mended(value) -%}
    {%- elif type == 'expression' and value is boolean -%}
        {%- set message = message ~ ' For a constant, quote it.' -%}
        {%- set write = '"' ~ value | string | lower ~ '"' -%}
    {%- elif type == 'expression' and value is number -%}
        {%- set message = message ~ ' For a constant, quote it.' -%}
        {%- set write = '"' ~ northstar.shown(value) ~ '"' -%}
    {%- elif type == 'list' and value is mapping -%}
        {%- set message = message ~ ' Begin each item with a dash.' -%}
    {%- elif type == 'mapping' and path[-1] == 'relation' and value is string -%}
        {%- set write = '{ref: raw_events}' -%}
        {%- if modules.re.fullmatch('\\w{1,63}', value) -%}
            {%- set write = '{ref: ' ~ value ~ '}' -%}
        {%- elif modules.re.fullmatch('\\w{1,63}\\.\\w{1,63}', value) -%}
            {%- set write = '{source: [' ~ value.replace('.', ', ') ~ ']}' -%}
        {%- endif -%}
    {%- elif type == 'days' and value is integer and value is not boolean -%}
        {%- set message = message ~ ' Write the unit too.' -%}
        {%- set write = value ~ 'd' if value >= 1 and value <= 3660 else write -%}
    {%- elif type in ['integer', 'number'] and value is string
        and modules.re.fullmatch('-?[0-9]{1,9}', value) -%}
        {%- set message = message ~ ' Take the quotes off.' -%}
        {%- set write = value if northstar._is_right(value | int, rule) else write -%}
    {%- endif -%}
    {%- if 'hint' in rule -%}
        {%- set message = message ~ ' ' ~ rule['hint'] -%}
    {%- endif -%}
    {{ return(northstar.config_problem(
        path, value, message=message, allowed=allowed, near=near, write=write,
    )) }}
{%- endmacro %}


{#- What a text that is not one expression was meant to be, as YAML, else none. -#}
{% macro _mended(sql) -%}
    {%- set alone = modules.re.sub('--.*|/\\*.*?\\*/|;.*', '', sql[:1000]) -%}
    {%- set alone = modules.re.sub('(?i)^\\s*(where|and|or)\\b', '', alone) -%}
    {%- set alone = modules.re.sub('(?i)\\s+as\\s+\\w+\\s*$', '', alone).strip() -%}
    {%- if alone and northstar.sql_expression_problem(alone) == '' -%}
        {{ return(northstar.sql_as_yaml(alone)) }}
    {%- endif -%}
    {{ return(none) }}
{%- endmacro %}


{#- SQL as a YAML value. -#}
{% macro sql_as_yaml(sql) -%}
    {%- if sql.isidentifier() -%}
        {{ return(sql) }}
    {%- endif -%}
    {%- set escaped = sql.replace('\\', '\\\\').replace('"', '\\"') -%}
    {{ return('"' ~ escaped.replace('\n', ' ') ~ '"') }}
{%- endmacro %}


{#- A value that a rule allows, as YAML. -#}
{% macro _example(rule, path) -%}
    {%- if 'example' in rule -%}
        {{ return(rule['example']) }}
    {%- elif rule['type'] == 'list' -%}
        {{ return(northstar._example(rule['of'], path)) }}
    {%- elif rule['type'] == 'mapping' -%}
        {%- set pairs = [] -%}
        {%- for key in rule['required'] -%}
            {%- do pairs.append(
                key ~ ': ' ~ northstar._example(rule['keys'][key], path + [key])
            ) -%}
        {%- endfor -%}
        {{ return('{' ~ pairs | join(', ') ~ '}') }}
    {%- endif -%}
    {{ return(northstar._key_text(path[-1])) }}
{%- endmacro %}


{#- What a rule allows, in words. -#}
{% macro _allowed(rule) -%}
    {%- set type = rule['type'] -%}
    {%- set words = {
        'text': 'text',
        'expression': 'one SQL expression, as text',
        'boolean': 'true or false',
        'zone': 'an IANA time zone, such as Europe/London',
        'date': 'a date, such as "2026-01-31"',
        'days': 'whole days from 1d to 3660d, such as 28d',
        'age': 'a comparison with days, such as "<7d" (<, <=, >, >=)',
        'mapping_of': 'a mapping of names',
    }.get(type, type) -%}
    {%- if type in ['integer', 'number'] -%}
        {%- set bounds = [] -%}
        {%- if 'above' in rule -%}
            {%- do bounds.append('above ' ~ rule['above']) -%}
        {%- elif 'most' in rule -%}
            {%- do bounds.append('from ' ~ rule['least'] ~ ' to ' ~ rule['most']) -%}
        {%- elif 'least' in rule -%}
            {%- do bounds.append(rule['least'] ~ ' or more') -%}
        {%- elif rule['not_zero'] -%}
            {%- do bounds.append('other than 0') -%}
        {%- endif -%}
        {%- set noun = 'a whole number' if type == 'integer' else 'a number' -%}
        {%- set words = [noun] + bounds -%}
        {%- set words = words | join(', ' if 'or more' in bounds | join else ' ') -%}
    {%- elif type == 'choice' -%}
        {%- set words = rule['allowed'] | join(', ') -%}
    {%- elif type == 'names' and rule['sizes'] -%}
        {%- set words = 'a list of ' ~ rule['sizes'] | join(' or ')
            ~ (' text' if rule['sizes'] == [1] else ' texts') -%}
    {%- elif type == 'names' -%}
        {%- set words = 'a list of texts' -%}
    {%- elif type == 'mapping' -%}
        {%- set words = 'a mapping with the keys '
            ~ rule['keys'].keys() | join(', ') -%}
    {%- elif type == 'list' -%}
        {%- set items = northstar._allowed(rule['of']) -%}
        {%- set words = ('a list of at least ' ~ rule['least'] if rule['least']
            else 'a list') ~ ', each item ' ~ items -%}
    {%- endif -%}
    {%- if 'or' in rule -%}
        {%- set words = words ~ ', or ' ~ northstar._allowed(rule['or']) -%}
    {%- endif -%}
    {{ return(words) }}
{%- endmacro %}
