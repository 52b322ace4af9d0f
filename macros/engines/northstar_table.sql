{#-
    A table that is replaced in one statement, where the engine can: as
    northstar_view. On DuckDB the new table takes the old one's place when the
    statement ends, so nobody sees half of it.
-#}
{% materialization northstar_table, default -%}
    {{ return(materialization_table_default()) }}
{%- endmaterialization %}

{% materialization northstar_table, adapter='duckdb' -%}
    {{ return(northstar.replace_relation('table', sql)) }}
{%- endmaterialization %}
