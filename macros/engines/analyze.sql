{#-
    Statistics of the table that a model has just built, as a post-hook.

    PostgreSQL plans the next model by them and gathers them only now and then on its
    own: without them a join of two fresh tables can take minutes in place of seconds.
    Other engines keep their own, Redshift too, which takes PostgreSQL's macros where it
    has none.
-#}
{% macro analyze() -%}
    {{ return(adapter.dispatch('analyze', 'northstar')()) }}
{%- endmacro %}

{% macro default__analyze() -%}
    {{ return('') }}
{%- endmacro %}

{% macro postgres__analyze() -%}
    {{ return(
        'analyze ' ~ this if model.config.materialized in ('table', 'northstar_table', 'northstar_incremental') else ''
    ) }}
{%- endmacro %}

{% macro redshift__analyze() -%}
    {{ return('') }}
{%- endmacro %}
