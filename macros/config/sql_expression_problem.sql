{#-
    What keeps a text from being one SQL expression, in a sentence; '' where nothing
    does. It reads tokens and does not parse: what it lets pass may still be wrong, and
    the warehouse then says so.

    Example: northstar.sql_expression_problem("feature = 'core'; drop table events")
    Returns: 'It holds a semicolon, so it is not one SQL expression.'
-#}
{% macro sql_expression_problem(sql) -%}
    {%- set tokens = northstar.sql_tokens(sql) -%}
    {%- set closes = {'(': ')', '[': ']', '{': '}'} -%}
    {%- set clauses = [
        'select', 'where', 'union', 'intersect', 'except', 'having', 'group', 'order',
        'limit', 'insert', 'update', 'delete', 'drop', 'create', 'alter', 'merge',
        'grant', 'truncate',
    ] -%}
    {%- set open = [] -%}
    {%- set found = namespace(problem='') -%}
    {%- if tokens | length == 0 -%}
        {{ return('It is empty.') }}
    {%- elif tokens[0] | lower in ['and', 'or'] -%}
        {{ return('It begins with `' ~ tokens[0] ~ '`; begin with the condition.') }}
    {%- endif -%}
    {%- for token in tokens -%}
        {%- set word = token | lower -%}
        {%- if found.problem -%}
        {%- elif token == ';' -%}
            {%- set found.problem = 'It holds a semicolon' -%}
        {%- elif token in ['--', '/*', '*/'] -%}
            {%- set found.problem = 'It holds a comment' -%}
        {%- elif token[0] == '{' and token | length == 2 -%}
            {{ return('It holds Jinja, which vars do not render; write SQL.') }}
        {%- elif token.startswith('$') and token.endswith('$') -%}
            {%- set found.problem = "It holds a dollar-quoted text (write '…')" -%}
        {%- elif token in ["'", '"', '`'] -%}
            {%- set found.problem = 'It has a quote that is never closed' -%}
        {%- elif token.startswith("'") and "\\'" in token -%}
            {{ return("It has a backslash before a quote, which not every warehouse "
                ~ "reads alike; write '' for a quote inside a text.") }}
        {%- elif token in closes -%}
            {%- do open.append(closes[token]) -%}
        {%- elif token in [')', ']', '}'] -%}
            {%- if open and open[-1] == token -%}
                {%- do open.pop() -%}
            {%- else -%}
                {%- set found.problem = 'It closes a `' ~ token
                    ~ '` that was never opened' -%}
            {%- endif -%}
        {%- elif open -%}
        {%- elif token == ',' -%}
            {%- set found.problem = 'It holds a comma outside of parentheses' -%}
        {%- elif word == 'as' -%}
            {{ return('It ends in an alias (`as …`); write the expression alone.') }}
        {%- elif word in clauses -%}
            {%- set found.problem = 'It holds `' ~ word ~ '` outside of parentheses' -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if not found.problem and open -%}
        {%- set found.problem = 'It opens a parenthesis that is never closed' -%}
    {%- endif -%}
    {%- if found.problem -%}
        {{ return(found.problem ~ ', so it is not one SQL expression.') }}
    {%- endif -%}
    {{ return('') }}
{%- endmacro %}
