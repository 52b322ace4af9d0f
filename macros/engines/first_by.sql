{#-
    Aggregate: the first value that is not null, in the given order.

    Example: {{ northstar.first_by('device', ['booked_at', 'event_id']) }}

    The last order column breaks every tie, so the answer is the same row everywhere.
    DuckDB takes the order inside `first`, PostgreSQL and BigQuery inside `array_agg`,
    Snowflake beside it, and Spark as the second argument of `min_by`. Redshift has
    none of them: the smallest of texts is taken that are made of the order, the value
    and its length. The value is text.
-#}
{% macro first_by(value, order_by) -%}
    {{ return(adapter.dispatch('first_by', 'northstar')(value, order_by)) }}
{%- endmacro %}

{% macro duckdb__first_by(value, order_by) -%}
    {{ return(
        'first(' ~ value ~ ' order by ' ~ order_by | join(', ') ~ ') filter (where '
        ~ value ~ ' is not null)'
    ) }}
{%- endmacro %}

{% macro postgres__first_by(value, order_by) -%}
    {{ return(
        '(array_agg(' ~ value ~ ' order by ' ~ order_by | join(', ') ~ ') filter (where '
        ~ value ~ ' is not null))[1]'
    ) }}
{%- endmacro %}

{% macro spark__first_by(value, order_by) -%}
    {{ return(
        'min_by(' ~ value ~ ', struct(' ~ order_by | join(', ') ~ ')) filter (where '
        ~ value ~ ' is not null)'
    ) }}
{%- endmacro %}

{#- Nulls are left out of arrays. -#}
{% macro snowflake__first_by(value, order_by) -%}
    {{ return(
        'cast(get(array_agg(' ~ value ~ ') within group (order by '
        ~ order_by | join(', ') ~ '), 0) as ' ~ northstar.text_type() ~ ')'
    ) }}
{%- endmacro %}

{% macro bigquery__first_by(value, order_by) -%}
    {{ return(
        'array_agg(' ~ value ~ ' ignore nulls order by ' ~ order_by | join(', ')
        ~ ' limit 1)[safe_offset(0)]'
    ) }}
{%- endmacro %}

{% macro redshift__first_by(value, order_by) -%}
    {%- set parts = [] -%}
    {%- for column in order_by -%}
        {%- do parts.append(
            'coalesce(cast(' ~ column ~ ' as ' ~ northstar.text_type() ~ "), '')"
        ) -%}
    {%- endfor -%}
    {%- set first = 'min(' ~ parts | join(' || chr(1) || ') ~ ' || chr(1) || ' ~ value
        ~ " || lpad(cast(length(" ~ value ~ ") as varchar(5)), 5, '0'))" -%}
    {{ return(
        'left(right(' ~ first ~ ', 5 + cast(right(' ~ first ~ ', 5) as integer)), '
        ~ 'cast(right(' ~ first ~ ', 5) as integer))'
    ) }}
{%- endmacro %}
