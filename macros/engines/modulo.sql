{#-
    Whole numbers.

    modulo(number, divisor)          the remainder, with the sign of the number
    whole_quotient(number, divisor)  how often the divisor goes into a number of 0 or
                                     more, a bigint

    BigQuery has no operator %. What `/` does with two integers is another thing on
    every engine, so the quotient is taken of what divides without a remainder.
-#}
{% macro modulo(number, divisor) -%}
    {{ return(adapter.dispatch('modulo', 'northstar')(number, divisor)) }}
{%- endmacro %}

{% macro default__modulo(number, divisor) -%}
    {{ return('(' ~ number ~ ') % (' ~ divisor ~ ')') }}
{%- endmacro %}

{% macro bigquery__modulo(number, divisor) -%}
    {{ return('mod(' ~ number ~ ', ' ~ divisor ~ ')') }}
{%- endmacro %}

{% macro whole_quotient(number, divisor) -%}
    {{ return(
        'cast((' ~ number ~ ' - ' ~ northstar.modulo(number, divisor) ~ ') / ('
        ~ divisor ~ ') as bigint)'
    ) }}
{%- endmacro %}
