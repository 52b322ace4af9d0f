{#-
    The columns that a SQL expression names and that are not among the known ones.

    Example: northstar.unknown_identifiers(
        "lower(feature) = 'core' and contry in ('GB')", ['feature', 'country'])
    Returns: ['contry']

    Arguments:
        sql: one SQL expression
        known: names of columns; case does not matter

    Each name comes once, as written, quotes taken off. Not columns: functions, SQL's
    own words, types (after `as` or `::`, or before a literal), parts of a date, names
    after a dot or a colon, named arguments, and parameters of a lambda.
-#}
{% macro unknown_identifiers(sql, known) -%}
    {%- set seen = known | map('lower') | list + northstar._sql_words() -%}
    {%- set unknown = [] -%}
    {%- set tokens = northstar.sql_tokens(sql) -%}
    {%- for token in tokens -%}
        {%- set before = (tokens[loop.index0 - 1] if not loop.first else '') | lower -%}
        {%- set after = (tokens[loop.index0 + 1] if not loop.last else '') | lower -%}
        {%- set is_quoted = token | length > 1 and token[0] in ['"', '`'] -%}
        {%- set is_word = token[0].isalpha() or token[0] == '_' -%}
        {%- set name = token[1:-1] | replace('""', '"') if is_quoted else token -%}
        {%- if not (is_word or is_quoted) or name | lower in seen -%}
        {%- elif before in ['.', '::', 'as', ':'] -%}
        {%- elif is_word and after in ['(', '=>', 'from', 'zone'] -%}
        {%- elif is_word and after.startswith("'") -%}
        {%- elif after == '->'
            and not northstar._is_literal(tokens, loop.index0 + 2) -%}
            {%- do seen.append(name | lower) -%}
        {%- else -%}
            {%- do seen.append(name | lower) -%}
            {%- do unknown.append(name) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(unknown) }}
{%- endmacro %}


{#- The expression with one name in place of another, as YAML. -#}
{% macro _renamed(sql, name, better) -%}
    {%- set whole = '["`]?\\b' ~ modules.re.escape(name) ~ '\\b["`]?' -%}
    {{ return(northstar.sql_as_yaml(modules.re.sub(whole, better, sql[:1000]))) }}
{%- endmacro %}


{% macro _is_literal(tokens, position) -%}
    {%- set token = tokens[position] if position < tokens | length else '' -%}
    {{ return(token[:1] == "'" or token[:1].isdigit() or token == '-') }}
{%- endmacro %}


{#- Words that are never taken for a column. -#}
{% macro _sql_words() -%}
    {{ return((
        'all and any array as asc at between both by case cast collate current '
        ~ 'current_date current_time current_timestamp desc distinct else end escape '
        ~ 'except exists false filter first following for from glob group having '
        ~ 'ilike in inf interval is isnull last leading like limit localtime '
        ~ 'localtimestamp nan not notnull null nulls offset on or order over '
        ~ 'partition preceding qualify range regexp rlike row rows select separator '
        ~ 'similar some struct then to trailing true unbounded union unknown using '
        ~ 'varying when where with within without precision zone '
        ~ 'epoch era century decade year years isoyear quarter quarters month months '
        ~ 'week weeks isoweek day days dayofweek dayofyear dow doy isodow hour hours '
        ~ 'minute minutes second seconds millisecond milliseconds microsecond '
        ~ 'microseconds nanosecond nanoseconds timezone'
    ).split(' ')) }}
{%- endmacro %}
