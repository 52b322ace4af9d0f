{#-
    The greatest of some expressions, nulls left out.

    Example: {{ northstar.greatest_of(['first_at', 'last_at']) }}

    Snowflake and BigQuery answer null where one of them is.
-#}
{% macro greatest_of(expressions) -%}
    {{ return(adapter.dispatch('greatest_of', 'northstar')(expressions)) }}
{%- endmacro %}

{% macro default__greatest_of(expressions) -%}
    {{ return('greatest(' ~ expressions | join(', ') ~ ')') }}
{%- endmacro %}

{% macro snowflake__greatest_of(expressions) -%}
    {{ return('greatest_ignore_nulls(' ~ expressions | join(', ') ~ ')') }}
{%- endmacro %}

{#- Every null is replaced by the first expression that is none. -#}
{% macro bigquery__greatest_of(expressions) -%}
    {%- set filled = [] -%}
    {%- for expression in expressions -%}
        {%- set others = [expression] -%}
        {%- for other in expressions if other != expression -%}
            {%- do others.append(other) -%}
        {%- endfor -%}
        {%- do filled.append('coalesce(' ~ others | join(', ') ~ ')') -%}
    {%- endfor -%}
    {{ return('greatest(' ~ filled | join(', ') ~ ')') }}
{%- endmacro %}
