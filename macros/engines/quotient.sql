{#-
    A division as a published number: nine places, rounded half away from zero, null
    where the divisor is 0.

    Example: {{ northstar.quotient('numerator', 'denominator') }}

    DuckDB divides decimals as doubles, whose last digit is not PostgreSQL's, so there
    the division is done in whole numbers of 0.000000001. What is too large for that
    (10^18) has more digits than a double can tell apart in any case. Spark,
    too, divides in whole numbers. Snowflake and Redshift give a quotient as many places
    as they see fit: both sides are taken with such digits that it has more than nine.
    BigQuery has nine, and rounds them.

    divided(dividend, divisor)   the quotient as the engine gives it, with more places
                                 than nine, to be rounded by the caller
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

{#- As a product with one: see product_quotient. -#}
{% macro spark__quotient(dividend, divisor) -%}
    {{ return(northstar.spark__product_quotient([dividend, '1'], [divisor])) }}
{%- endmacro %}

{#- Nineteen places for up to 10^10, else ten. -#}
{% macro redshift__quotient(dividend, divisor) -%}
    {%- set quotients = [] -%}
    {%- for type in ('decimal(19, 9)', 'decimal(28, 9)') -%}
        {%- do quotients.append(northstar.rounded(
            'cast(' ~ dividend ~ ' as ' ~ type ~ ') / nullif(cast(' ~ divisor ~ ' as '
            ~ type ~ '), 0)'
        )) -%}
    {%- endfor -%}
    {{ return(
        'case when abs(' ~ dividend ~ ') < 1e10 and abs(' ~ divisor ~ ') < 1e10 then '
        ~ quotients[0] ~ ' else ' ~ quotients[1] ~ ' end'
    ) }}
{%- endmacro %}

{% macro snowflake__quotient(dividend, divisor) -%}
    {{ return(northstar.rounded(
        'cast(' ~ dividend ~ ' as decimal(38, 18)) / nullif(' ~ divisor ~ ', 0)'
    )) }}
{%- endmacro %}

{% macro bigquery__quotient(dividend, divisor) -%}
    {{ return(northstar.rounded(
        'cast(' ~ dividend ~ ' as bignumeric) / nullif(' ~ divisor ~ ', 0)'
    )) }}
{%- endmacro %}

{% macro divided(dividend, divisor) -%}
    {{ return(adapter.dispatch('divided', 'northstar')(dividend, divisor)) }}
{%- endmacro %}

{% macro default__divided(dividend, divisor) -%}
    {{ return(dividend ~ ' / ' ~ divisor) }}
{%- endmacro %}

{% macro spark__divided(dividend, divisor) -%}
    {{ return('cast(' ~ dividend ~ ' as decimal(19, 9)) / ' ~ divisor) }}
{%- endmacro %}

{% macro snowflake__divided(dividend, divisor) -%}
    {{ return('cast(' ~ dividend ~ ' as decimal(38, 12)) / ' ~ divisor) }}
{%- endmacro %}

{% macro redshift__divided(dividend, divisor) -%}
    {{ return('cast(' ~ dividend ~ ' as decimal(19, 9)) / ' ~ divisor) }}
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
        'cast(' ~ dividend ~ ' as ' ~ northstar.float_type() ~ ') / nullif(' ~ divisor
        ~ ', 0) * cast(' ~ scale ~ ' as ' ~ northstar.float_type() ~ ')'
    ) -%}
    {{ return('case when ' ~ scale ~ ' = 1 then ' ~ plain ~ ' else ' ~ scaled ~ ' end') }}
{%- endmacro %}
