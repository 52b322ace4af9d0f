{#-
    What dbt 2 needs: it leaves no semantic metric out, so each needs the mart that it
    is asked of, even in a project that has nothing for it to hold.

    metrics_stay()   whether this is dbt 2
    no_rows()        a mart without rows, with the columns of its contract

    Example: {% if not northstar.uses_drivers() %}{{ northstar.no_rows() }}{% else %}
-#}
{% macro metrics_stay() -%}
    {{ return(dbt_version.split('.')[0] | int >= 2) }}
{%- endmacro %}

{% macro no_rows() -%}
    {%- set types = {
        'string': northstar.text_type(),
        'timestamp': northstar.instant_type(),
        'decimal(38, 9)': northstar.number_type(),
    } -%}
    {%- set columns = [] -%}
    {%- for column in model.columns.values() -%}
        {%- do columns.append(
            'cast(null as ' ~ types.get(column.data_type, column.data_type) ~ ') as '
            ~ column.name
        ) -%}
    {%- endfor -%}
    {{ return('select ' ~ (columns | join(', ') or '1 as nothing') ~ ' limit 0') }}
{%- endmacro %}
