{#-
    Everything that is wrong with the project's vars, without asking the warehouse.

    Example: northstar.config_problems()
    Returns: a list of {path, given, allowed, write, message}; see config_problem()

    Arguments:
        config: values by the name of the var, in place of the project's own

    The walk looks at shape, types and spelling; the rules look at meaning, in what
    the walk found sound. Not seen here: names of events and states, which are data.
-#}
{% macro config_problems(config=none) -%}
    {%- set given = northstar._given_config() if config is none else config -%}
    {%- set problems = [] -%}
    {%- do northstar._vars_are_known(given, config is not none, problems) -%}
    {%- do northstar._characters_can_be_stored(given, problems) -%}
    {%- if not given.get('northstar_events') -%}
        {%- do problems.append(northstar._no_events()) -%}
    {%- endif -%}
    {%- set schema = northstar.config_schema() -%}
    {%- set sound = northstar.walk_config(given, schema, problems) -%}
    {%- set columns = northstar.config_columns(sound) -%}
    {%- do northstar.event_rules(sound, columns, problems) -%}
    {%- do northstar.metric_rules(given, sound, columns, problems) -%}
    {%- do northstar.driver_rules(sound, problems) -%}
    {%- do northstar.privacy_rules(sound, problems) -%}
    {{ return(problems | sort(attribute='path')) }}
{%- endmacro %}


{#- The vars that are set, by name; the package's own defaults are among them. -#}
{% macro _given_config() -%}
    {%- set given = {} -%}
    {%- for name in northstar.config_schema() if var.has_var(name) -%}
        {%- do given.update({name: var(name)}) -%}
    {%- endfor -%}
    {{ return(given) }}
{%- endmacro %}


{#-
    dbt has no list of the vars that are set, so for a project's own vars this asks
    for the likely slips by name: north_star_, a singular, a plural.
-#}
{% macro _vars_are_known(given, is_listed, problems) -%}
    {%- set known = northstar.config_schema().keys() | list -%}
    {%- set slips = {} -%}
    {%- if is_listed -%}
        {%- for name in given if name is string and name.startswith('northstar')
            and name not in known + ['northstar_experiments', 'northstar_dev'] -%}
            {%- do slips.update({name: northstar.nearest(name, known)}) -%}
        {%- endfor -%}
    {%- else -%}
        {%- for name in known -%}
            {%- set singular = name[:-1].replace('entitie', 'entity') -%}
            {%- for slip in [
                singular if name[-1] == 's' else name ~ 's',
                name.replace('north', 'north_'),
                name.replace('timezone', 'time_zone'),
            ] if var.has_var(slip) and slip not in known -%}
                {%- do slips.update({slip: northstar.nearest(slip, known)}) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
    {%- for slip, name in slips.items() -%}
        {%- do problems.append(northstar.config_problem(
            [slip], given[slip] if is_listed else var(slip), near=name,
            message='There is no var ' ~ northstar.shown(slip) ~ '.',
            allowed=known | join(', '),
            lines=[name ~ ': …'] if name is not none else [],
        )) -%}
    {%- endfor -%}
{%- endmacro %}


{#- A null byte in any text of the configuration. -#}
{% macro _characters_can_be_stored(given, problems) -%}
    {#- as dbt 1 and as dbt 2 write it in a list -#}
    {%- set text = [given] | string -%}
    {%- if '\\x00' in text or '\u0000' in text -%}
        {%- set level = namespace(nodes=[[[], given]]) -%}
        {%- for _ in range(20) if level.nodes -%}
            {%- set below = [] -%}
            {%- for path, value in level.nodes -%}
                {%- if value is string and '\u0000' in value -%}
                    {%- do problems.append(
                        northstar._cannot_be_stored(path, value)
                    ) -%}
                {%- elif value is mapping -%}
                    {%- for name, child in value.items() -%}
                        {%- do below.extend([[path + [name], child], [path, name]]) -%}
                    {%- endfor -%}
                {%- elif value is sequence and value is not string -%}
                    {%- for item in value -%}
                        {%- do below.append([path + [loop.index0], item]) -%}
                    {%- endfor -%}
                {%- endif -%}
            {%- endfor -%}
            {%- set level.nodes = below -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}


{% macro _cannot_be_stored(path, value) -%}
    {{ return(northstar.config_problem(
        path, value,
        message='The text holds a null byte, which no warehouse stores. Take it out.',
        allowed='text without it',
    )) }}
{%- endmacro %}


{% macro _no_events() -%}
    {{ return(northstar.config_problem(
        ['northstar_events'], none,
        message='No source of events is mapped.',
        allowed='a list of at least one source',
        write=northstar.config_schema()['northstar_events']['example'],
    )) }}
{%- endmacro %}
