{#-
    A product of published numbers over another, at nine places, rounded half away from
    zero once; null where a divisor is 0. One or two divisors, two dividends.

    Example: {{ northstar.product_quotient(['weight', 'numerator'], ['denominator']) }}

    DuckDB has no room for the exact product of large numbers: there the division is
    done in whole numbers of 0.000000001 as far as these reach, and in doubles beyond.
-#}
{% macro product_quotient(dividends, divisors) -%}
    {{ return(adapter.dispatch('product_quotient', 'northstar')(dividends, divisors)) }}
{%- endmacro %}

{% macro duckdb__product_quotient(dividends, divisors) -%}
    {%- set places = divisors | length - dividends | length + 1 -%}
    {%- set above = [] -%}
    {%- set below = [] -%}
    {%- set small = [] -%}
    {%- set signs = [] -%}
    {%- set double_above = [] -%}
    {%- set double_below = [] -%}
    {%- for number in dividends -%}
        {%- do above.append('cast(abs(' ~ number ~ ') * 1000000000 as hugeint)') -%}
        {%- do double_above.append('cast(' ~ number ~ ' as double)') -%}
    {%- endfor -%}
    {%- for number in divisors -%}
        {%- do below.append(
            'cast(nullif(abs(' ~ number ~ '), 0) * 1000000000 as hugeint)'
        ) -%}
        {%- do double_below.append('cast(' ~ number ~ ' as double)') -%}
    {%- endfor -%}
    {%- for number in dividends + divisors -%}
        {%- do signs.append('sign(' ~ number ~ ')') -%}
        {%- do small.append('abs(' ~ number ~ ') < 1e18') -%}
    {%- endfor -%}
    {%- set quotient_of = {
        'above': '2 * ' ~ above | join(' * ') ~ ' * 1000000000' * places,
        'below': below | join(' * '),
    } -%}
    {%- do small.append(
        'abs(' ~ double_above | join(' * ') ~ ') < 8e' ~ (19 - 9 * places)
    ) -%}
    {%- do small.append('abs(' ~ double_below | join(' * ') ~ ') < 8e18') -%}
    {{ return(
        'case when ' ~ small | join(' and ') ~ ' then cast(' ~ signs | join(' * ')
        ~ ' * divide(' ~ quotient_of.above ~ ' + ' ~ quotient_of.below ~ ', 2 * '
        ~ quotient_of.below
        ~ ') as decimal(38, 0)) * cast(0.000000001 as decimal(10, 9)) else '
        ~ northstar.rounded(
            double_above | join(' * ') ~ ' / nullif(' ~ double_below | join(' * ')
            ~ ', 0)'
        ) ~ ' end'
    ) }}
{%- endmacro %}

{% macro postgres__product_quotient(dividends, divisors) -%}
    {{ return(northstar.rounded(
        dividends | join(' * ') ~ ' / nullif(' ~ divisors | join(' * ') ~ ', 0)'
    )) }}
{%- endmacro %}
