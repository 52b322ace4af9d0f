{#-
    A product of published numbers over another, at nine places, rounded half away from
    zero once; null where a divisor is 0. One or two divisors, two dividends.

    Example: {{ northstar.product_quotient(['weight', 'numerator'], ['denominator']) }}

    DuckDB has no room for the exact product of large numbers: there the division is
    done in whole numbers of 0.000000001 as far as these reach, and in doubles beyond.
    So it is on Spark, which cuts a product to six places. BigQuery computes in 38
    places; Snowflake and Redshift keep as many as the first number is given, Redshift
    for numbers below 10^9.
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

{#- What has no room is null, and is done in doubles. -#}
{% macro spark__product_quotient(dividends, divisors) -%}
    {%- set places = divisors | length - dividends | length + 1 -%}
    {%- set signs = [] -%}
    {%- set doubles = [[], []] -%}
    {%- set products = [] -%}
    {%- for numbers in (dividends, divisors) -%}
        {%- set side = loop.index0 -%}
        {%- set product = namespace(sql='') -%}
        {%- for number in numbers -%}
            {%- set whole = 'cast(abs(try_cast(' ~ number
                ~ ' as decimal(27, 9))) * 1000000000 as decimal(38, 0))' -%}
            {%- set product.sql = 'try_multiply(' ~ product.sql ~ ', ' ~ whole ~ ')'
                if product.sql else whole -%}
            {%- do signs.append('sign(' ~ number ~ ')') -%}
            {%- do doubles[side].append('cast(' ~ number ~ ' as double)') -%}
        {%- endfor -%}
        {%- do products.append(product.sql) -%}
    {%- endfor -%}
    {%- set above = products[0] if places == 0 else 'try_multiply(' ~ products[0]
        ~ ', cast(1' ~ '000000000' * places ~ ' as decimal(38, 0)))' -%}
    {%- set below = 'nullif(' ~ products[1] ~ ', 0)' -%}
    {%- set rest = above ~ ' % ' ~ below -%}
    {{ return(
        'coalesce(' ~ northstar.rounded(
            'cast(cast(' ~ signs | join(' * ') ~ ' as decimal(1, 0)) * (try_cast('
            ~ 'try_divide(' ~ above ~ ' - ' ~ rest ~ ', ' ~ below
            ~ ') as decimal(27, 0)) + case when ' ~ rest ~ ' >= ' ~ below ~ ' - ' ~ rest
            ~ ' then 1 else 0 end) as decimal(28, 0)) * cast(0.000000001 as decimal(9, 9))'
        ) ~ ', ' ~ northstar.rounded(
            doubles[0] | join(' * ') ~ ' / nullif(' ~ doubles[1] | join(' * ') ~ ', 0)'
        ) ~ ')'
    ) }}
{%- endmacro %}

{% macro snowflake__product_quotient(dividends, divisors) -%}
    {{ return(northstar.rounded(
        'cast(' ~ dividends[0] ~ ' as decimal(38, 18)) * '
        ~ dividends[1:] | join(' * ') ~ ' / nullif(' ~ divisors | join(' * ') ~ ', 0)'
    )) }}
{%- endmacro %}

{% macro bigquery__product_quotient(dividends, divisors) -%}
    {{ return(northstar.rounded(
        'cast(' ~ dividends[0] ~ ' as bignumeric) * '
        ~ dividends[1:] | join(' * ') ~ ' / nullif(' ~ divisors | join(' * ') ~ ', 0)'
    )) }}
{%- endmacro %}

{#-
    A product of two such numbers has 18 places of the 38 digits that there are. What
    is larger would not fit the casts, and is done in doubles.
-#}
{% macro redshift__product_quotient(dividends, divisors) -%}
    {%- set small = [] -%}
    {%- set doubles = [[], []] -%}
    {%- for numbers in (dividends, divisors) -%}
        {%- set side = doubles[loop.index0] -%}
        {%- for number in numbers -%}
            {%- do small.append('abs(' ~ number ~ ') < 1e9') -%}
            {%- do side.append(
                'cast(' ~ number ~ ' as ' ~ northstar.float_type() ~ ')'
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(
        'case when ' ~ small | join(' and ') ~ ' then ' ~ northstar.rounded(
            'cast(' ~ dividends[0] ~ ' as decimal(19, 9)) * cast('
            ~ dividends[1:] | join(' * ') ~ ' as decimal(18, 9)) / nullif('
            ~ divisors | join(' * ') ~ ', 0)'
        ) ~ ' else ' ~ northstar.rounded(
            doubles[0] | join(' * ') ~ ' / nullif(' ~ doubles[1] | join(' * ') ~ ', 0)'
        ) ~ ' end'
    ) }}
{%- endmacro %}

{#-
    The same with a whole number among the factors, which elsewhere is a plain product.

    multiple_quotient(number, whole, divisor)      number * whole / divisor
    quotient_of_multiple(dividend, number, whole)  dividend / (number * whole)
-#}
{% macro multiple_quotient(number, whole, divisor) -%}
    {{ return(
        adapter.dispatch('multiple_quotient', 'northstar')(number, whole, divisor)
    ) }}
{%- endmacro %}

{% macro default__multiple_quotient(number, whole, divisor) -%}
    {{ return(northstar.quotient(whole ~ ' * ' ~ number, divisor)) }}
{%- endmacro %}

{% macro spark__multiple_quotient(number, whole, divisor) -%}
    {{ return(northstar.product_quotient([number, whole], [divisor])) }}
{%- endmacro %}

{% macro quotient_of_multiple(dividend, number, whole) -%}
    {{ return(
        adapter.dispatch('quotient_of_multiple', 'northstar')(dividend, number, whole)
    ) }}
{%- endmacro %}

{% macro default__quotient_of_multiple(dividend, number, whole) -%}
    {{ return(northstar.quotient(dividend, whole ~ ' * ' ~ number)) }}
{%- endmacro %}

{% macro spark__quotient_of_multiple(dividend, number, whole) -%}
    {{ return(northstar.product_quotient([dividend], [number, whole])) }}
{%- endmacro %}
