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

{#-
    A quotient times a scale. Where no scale is but 1 it is the plain quotient; a scaled
    one is computed in double precision, since a decimal with the places of both would
    have no room for large values.

    Example: {{ northstar.scaled_quotient('numerator', 'denominator', 'unit_scale', true) }}
-#}
{% macro scaled_quotient(dividend, divisor, scale, is_scaled) -%}
    {%- set plain = northstar.quotient(dividend, divisor) -%}
    {%- if not is_scaled -%}{{ return(plain) }}{%- endif -%}
    {%- set scaled = northstar.rounded(
        'cast(' ~ dividend ~ ' as double precision) / nullif(' ~ divisor
        ~ ', 0) * cast(' ~ scale ~ ' as double precision)'
    ) -%}
    {{ return('case when ' ~ scale ~ ' = 1 then ' ~ plain ~ ' else ' ~ scaled ~ ' end') }}
{%- endmacro %}
