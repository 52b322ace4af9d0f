{#-
    A pre-hook: the contract of the model that is being built, in the engine's words.

    Properties cannot call macros, so they say `timestamp`, `string` and `decimal(38, 9)`
    for the types of instant_type(), text_type() and number_type(); here these take
    their place. And dbt puts not-null
    constraints on every table of Spark whose format it is not told, which only Delta
    has: on others they are left to the tests. Nothing is run.
-#}
{% macro contract_types() -%}
    {{ return(adapter.dispatch('contract_types', 'northstar')()) }}
{%- endmacro %}

{% macro default__contract_types() -%}
    {{ return('') }}
{%- endmacro %}

{% macro snowflake__contract_types() -%}
    {%- do northstar._contract_says('timestamp', northstar.instant_type()) -%}
    {{ return('') }}
{%- endmacro %}

{% macro spark__contract_types() -%}
    {%- do northstar._contract_says('timestamp', northstar.instant_type()) -%}
    {%- do northstar._contract_says('decimal(38, 9)', northstar.number_type()) -%}
    {%- if config.get('file_format') != 'delta' -%}
        {%- for column in model.columns.values() -%}
            {%- do column.update({'constraints': []}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return('') }}
{%- endmacro %}

{% macro databricks__contract_types() -%}
    {%- do northstar._contract_says('decimal(38, 9)', northstar.number_type()) -%}
    {{ return(northstar.snowflake__contract_types()) }}
{%- endmacro %}

{% macro redshift__contract_types() -%}
    {%- do northstar._contract_says('text', northstar.text_type()) -%}
    {{ return('') }}
{%- endmacro %}

{% macro _contract_says(written, meant) -%}
    {%- for column in model.columns.values()
        if (column.data_type or '') | lower == written -%}
        {%- do column.update({'data_type': meant}) -%}
    {%- endfor -%}
{%- endmacro %}
