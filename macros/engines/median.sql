{#-
    Aggregate: the median of the values that are not null, the middle of the two where
    their number is even; a double.

    Example: {{ northstar.median('seconds') }}

    BigQuery has it over windows alone, so there the values are sorted in an array.
-#}
{% macro median(value) -%}
    {{ return(adapter.dispatch('median', 'northstar')(value)) }}
{%- endmacro %}

{% macro default__median(value) -%}
    {{ return('percentile_cont(0.5) within group (order by ' ~ value ~ ')') }}
{%- endmacro %}

{% macro bigquery__median(value) -%}
    {{ return(
        '(select avg(sorted.number) from (select number, row_number() over (order by'
        ~ ' number) as place, count(*) over () as places from unnest(array_agg('
        ~ value ~ ' ignore nulls)) as number) as sorted where 2 * sorted.place between'
        ~ ' sorted.places and sorted.places + 2)'
    ) }}
{%- endmacro %}
