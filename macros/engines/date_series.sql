{#-
    Every date from the first to the last, one row each, for a row that has both.

    Example: select {{ northstar.date_of_series('first_date', 'last_date') }} as date_day
             from bounds {{ northstar.join_series('first_date', 'last_date') }}

    dbt.date_spine takes its bounds at compile time; ours are in the data. DuckDB,
    PostgreSQL and Spark make rows in the list of columns; the others in a join, and
    Redshift, which can make none where data is read, out of the digits.
-#}
{% macro date_of_series(first_date, last_date) -%}
    {{ return(adapter.dispatch('date_of_series', 'northstar')(first_date, last_date)) }}
{%- endmacro %}

{% macro join_series(first_date, last_date) -%}
    {{ return(adapter.dispatch('join_series', 'northstar')(first_date, last_date)) }}
{%- endmacro %}

{% macro duckdb__date_of_series(first_date, last_date) -%}
    {{ return(
        "cast(unnest(generate_series(" ~ first_date ~ ", " ~ last_date
        ~ ", interval '1 day')) as date)"
    ) }}
{%- endmacro %}

{% macro postgres__date_of_series(first_date, last_date) -%}
    {{ return(
        "cast(generate_series(" ~ first_date ~ ", " ~ last_date
        ~ ", interval '1 day') as date)"
    ) }}
{%- endmacro %}

{% macro spark__date_of_series(first_date, last_date) -%}
    {{ return(
        'explode(sequence(' ~ first_date ~ ', ' ~ last_date ~ ', interval 1 day))'
    ) }}
{%- endmacro %}

{% macro snowflake__date_of_series(first_date, last_date) -%}
    {{ return(northstar.add_days(first_date, 'cast(series.value as integer)')) }}
{%- endmacro %}

{% macro bigquery__date_of_series(first_date, last_date) -%}
    {{ return('series_date') }}
{%- endmacro %}

{% macro redshift__date_of_series(first_date, last_date) -%}
    {%- set number = [] -%}
    {%- for worth in [100000, 10000, 1000, 100, 10, 1] -%}
        {%- do number.append('series_' ~ worth ~ '.digit * ' ~ worth) -%}
    {%- endfor -%}
    {{ return(northstar.add_days(first_date, '(' ~ number | join(' + ') ~ ')')) }}
{%- endmacro %}

{% macro default__join_series(first_date, last_date) -%}
    {{ return('') }}
{%- endmacro %}

{#- The range ends before its second bound. -#}
{% macro snowflake__join_series(first_date, last_date) -%}
    {{ return(
        ', lateral flatten(input => array_generate_range(0, 1 + '
        ~ northstar.days_between(first_date, last_date) ~ ')) as series'
    ) }}
{%- endmacro %}

{% macro bigquery__join_series(first_date, last_date) -%}
    {{ return(
        'cross join unnest(generate_date_array(' ~ first_date ~ ', ' ~ last_date
        ~ ')) as series_date'
    ) }}
{%- endmacro %}

{#-
    A join for each digit of the number of the day, the highest first: each leaves only
    what is within the bounds. Six digits reach every date that a project can begin with.
-#}
{% macro redshift__join_series(first_date, last_date) -%}
    {%- set days = northstar.days_between(first_date, last_date) -%}
    {%- set digits -%}
        (
            {%- for digit in range(10) %}
            select {{ digit }} as digit{{ ' union all' if not loop.last }}
            {%- endfor %}
        )
    {%- endset -%}
    {%- set joins = [] -%}
    {%- set number = [] -%}
    {%- for worth in [100000, 10000, 1000, 100, 10, 1] -%}
        {%- do number.append('series_' ~ worth ~ '.digit * ' ~ worth) -%}
        {%- do joins.append(
            'inner join ' ~ digits ~ ' as series_' ~ worth ~ ' on ' ~ number | join(' + ')
            ~ ' <= ' ~ days
        ) -%}
    {%- endfor -%}
    {{ return(joins | join(' ')) }}
{%- endmacro %}
