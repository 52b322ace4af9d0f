{#-
    Problems as a page to read: how many, then each with its path, what is wrong, what
    was given, what is allowed and the lines to write.

    Example: northstar.problems_text(problems, 'in the vars of northstar')
    Returns:
        1 problem in the vars of northstar.

        1. northstar_week_start
           `northstar_week_start` takes a whole number from 1 to 7.
           given:   9
           allowed: a whole number from 1 to 7
           write:
             northstar_week_start: 1
-#}
{% macro problems_text(problems, where) -%}
    {%- set most = 100 -%}
    {%- set count = problems | length -%}
    {%- set lines = [
        count ~ (' problem ' if count == 1 else ' problems ') ~ where ~ '.',
    ] -%}
    {%- for problem in problems[:most] -%}
        {%- do lines.extend([
            '',
            loop.index ~ '. ' ~ problem['path'],
            '   ' ~ problem['message'],
            '   given:   ' ~ problem['given'],
        ]) -%}
        {%- if problem['allowed'] -%}
            {%- do lines.append('   allowed: ' ~ problem['allowed']) -%}
        {%- endif -%}
        {%- if problem['write'] -%}
            {%- do lines.append('   write:') -%}
        {%- endif -%}
        {%- for line in problem['write'] -%}
            {%- do lines.append('     ' ~ line) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- if count > most -%}
        {%- do lines.extend(['', 'And ' ~ (count - most) ~ ' more.']) -%}
    {%- endif -%}
    {{ return(lines | join('\n')) }}
{%- endmacro %}
