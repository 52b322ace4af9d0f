{#-
    Whether a text is more than one SQL expression: semicolons or comments outside of
    literals, quotes or parentheses without their pair, clauses, aliases.

    Example: {% if northstar.sql_has_second_statement(where) %}
-#}
{% macro sql_has_second_statement(sql) -%}
    {{ return(northstar.sql_expression_problem(sql) != '') }}
{%- endmacro %}
