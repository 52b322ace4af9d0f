{#-
    Aggregate: the first value that is not null, in the given order.

    Example: {{ northstar.first_by('device', ['booked_at', 'event_id']) }}

    The last order column breaks every tie, so the answer is the same row everywhere.
    DuckDB takes the order inside `first`, PostgreSQL inside `array_agg`.
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
