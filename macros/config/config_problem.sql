{#-
    One mistake in the configuration, put in words.

    Example:
        northstar.config_problem(
            ['northstar_metrics', 'weekly_teams', 'window', 'calendar'], 'weekly',
            message='`calendar` takes one of the grains.',
            allowed='day, week, month, quarter', near='week', write='week',
        )
    Returns:
        {
            'path': 'northstar_metrics.weekly_teams.window.calendar',
            'given': "'weekly'",
            'allowed': 'day, week, month, quarter',
            'write': ['northstar_metrics:', '  weekly_teams:', '    window:',
                      '      calendar: week'],
            'message': '`calendar` takes one of the grains. Did you mean `week`?',
        }

    Arguments:
        path: the keys and list positions that lead to the place, as a list
        given: the value found there; any value at all
        message: what is wrong, in a sentence
        allowed: what may stand there, as text
        near: the allowed word that was probably meant
        write: the value to write at the path, as YAML; none where nothing can be
            proposed
        lines: whole YAML lines, in place of those made from path and write
-#}
{% macro config_problem(
    path, given, message, allowed='', near=none, write=none, lines=none
) -%}
    {%- set asked = ' Did you mean `' ~ near ~ '`?' if near is not none else '' -%}
    {%- if lines is none -%}
        {%- set lines = [] if write is none else northstar._yaml_lines(path, write) -%}
    {%- endif -%}
    {{ return({
        'path': northstar._path_text(path),
        'given': northstar.shown(given),
        'allowed': allowed,
        'write': lines,
        'message': message ~ asked,
    }) }}
{%- endmacro %}


{#- A value in one line of at most 80 characters, control characters escaped. -#}
{% macro shown(value) -%}
    {%- if value is none -%}
        {{ return('nothing') }}
    {%- elif value is boolean -%}
        {{ return(value | string | lower) }}
    {%- elif value is integer and (value > 1e40 or value < -1e40) -%}
        {{ return('a number of over 40 digits') }}
    {%- elif value is string -%}
        {%- set text = ([value[:100]] | string)[1:-1] -%}
        {%- set size = value | length -%}
    {%- else -%}
        {%- set text = ([value] | string)[1:-1] -%}
        {%- set size = text | length -%}
    {%- endif -%}
    {%- if text | length > 80 or size > 100 -%}
        {{ return(text[:60] ~ '… (' ~ size ~ ' characters)') }}
    {%- endif -%}
    {{ return(text) }}
{%- endmacro %}


{#- northstar_events[0].columns.event_id; a key that is not a plain word is quoted. -#}
{% macro _path_text(path) -%}
    {%- set text = namespace(path='') -%}
    {%- for part in path -%}
        {%- if part is integer -%}
            {%- set text.path = text.path ~ '[' ~ part ~ ']' -%}
        {%- else -%}
            {%- set dot = '.' if text.path else '' -%}
            {%- set text.path = text.path ~ dot ~ northstar._key_text(part) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(text.path) }}
{%- endmacro %}


{% macro _key_text(key) -%}
    {%- set plain = key is string and modules.re.fullmatch('[\\w-]{1,63}', key) -%}
    {{ return(key if plain else northstar.shown(key)) }}
{%- endmacro %}


{#- The path as nested YAML, with the value at its end. -#}
{% macro _yaml_lines(path, value) -%}
    {%- set lines = [] -%}
    {%- set place = namespace(indent='', dash='') -%}
    {%- for part in path -%}
        {%- set end = ' ' ~ value if loop.last else '' -%}
        {%- if part is integer -%}
            {%- if loop.last -%}
                {%- do lines.append(place.indent ~ '-' ~ end) -%}
            {%- endif -%}
            {%- set place.dash = '- ' -%}
        {%- else -%}
            {%- set key = northstar._key_text(part) -%}
            {%- do lines.append(place.indent ~ place.dash ~ key ~ ':' ~ end) -%}
            {%- set deeper = '    ' if place.dash else '  ' -%}
            {%- set place.indent = place.indent ~ deeper -%}
            {%- set place.dash = '' -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(lines) }}
{%- endmacro %}
