{#-
    A division as a published number: nine places, rounded half away from zero, null
    where the divisor is 0.

    Example: {{ northstar.quotient('numerator', 'denominator') }}

    DuckDB divides decimals as doubles, whose last digit is not PostgreSQL's, so there
    the division is done in whole numbers of 0.000000001. What is too large for that
    (10^18) has more digits than a double can tell apart in any case.
-#}
{% macro quotient(dividend, divisor) -%}
    {{ return(adapter.dispatch('quotient', 'northstar')(dividend, divisor)) }}
{%- endmacro %}

{% macro duckdb__quotient(dividend, divisor) -%}
    {%- set above = 'cast(abs(' ~ dividend ~ ') * 1000000000 as hugeint)' -%}
    {%- set below = 'cast(nullif(abs(' ~ divisor ~ '), 0) * 1000000000 as hugeint)' -%}
    {{ return(
        'case when abs(' ~ dividend ~ ') < 1e18 and abs(' ~ divisor ~ ') < 1e18'
        ~ ' then cast(sign(' ~ dividend ~ ') * sign(' ~ divisor ~ ') * divide(' ~ above
        ~ ' * 2000000000 + ' ~ below ~ ', 2 * ' ~ below
        ~ ') as decimal(38, 0)) * cast(0.000000001 as decimal(10, 9)) else '
        ~ northstar.rounded('(' ~ dividend ~ ') / nullif(' ~ divisor ~ ', 0)') ~ ' end'
    ) }}
{%- endmacro %}

{% macro postgres__quotient(dividend, divisor) -%}
    {{ return(northstar.rounded(
        'cast((' ~ dividend ~ ') as numeric) / nullif(' ~ divisor ~ ', 0)'
    )) }}
{%- endmacro %}
