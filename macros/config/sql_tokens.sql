{#-
    A SQL expression cut into tokens, white space left out: quoted texts and quoted
    identifiers whole, `--`, `/*`, `::`, `->`, `->>`, `=>`, `$tag$`, numbers, words,
    and every other character on its own (a quote that is never closed is one).

    Example: northstar.sql_tokens("amount::numeric > 5 and plan = 'pro'")
    Returns: ['amount', '::', 'numeric', '>', '5', 'and', 'plan', '=', "'pro'"]
-#}
{% macro sql_tokens(sql) -%}
    {{ return(modules.re.findall(
        "'(?:[^']|'')*'"
        ~ '|"(?:[^"]|"")*"'
        ~ '|`[^`]*`'
        ~ '|--|/\\*|\\*/|::|->>|->|=>|\\{[%#{]'
        ~ '|\\$\\w*\\$'
        ~ '|\\d[\\w.]*'
        ~ '|[^\\W\\d]\\w*'
        ~ '|\\S',
        sql
    )) }}
{%- endmacro %}
