{#-
    A published number: decimal(38, 9).

    Example: {{ northstar.rounded('numerator / denominator') }}
-#}
{% macro rounded(number) -%}
    {{ return('cast(' ~ number ~ ' as decimal(38, 9))') }}
{%- endmacro %}
