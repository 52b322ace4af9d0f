{#-
    Every date from the first to the last, one row each, as a select-list expression.

    Example: select {{ northstar.date_series('first_date', 'last_date') }} as date_day
             from bounds

    dbt.date_spine takes its bounds at compile time; ours are in the data.
-#}
{% macro date_series(first_date, last_date) -%}
    {{ return(adapter.dispatch('date_series', 'northstar')(first_date, last_date)) }}
{%- endmacro %}

{% macro duckdb__date_series(first_date, last_date) -%}
    {{ return(
        "cast(unnest(generate_series(" ~ first_date ~ ", " ~ last_date
        ~ ", interval '1 day')) as date)"
    ) }}
{%- endmacro %}

{% macro postgres__date_series(first_date, last_date) -%}
    {{ return(
        "cast(generate_series(" ~ first_date ~ ", " ~ last_date
        ~ ", interval '1 day') as date)"
    ) }}
{%- endmacro %}
