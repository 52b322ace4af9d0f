{#-
    Numbers that are not published: a metric's `unit_scale`, and double precision.

    scale_type()      a decimal with twelve places
    float_type()      a binary number of 64 bits
    scaled(number, scale)   a decimal(38, 9) times a scale, in the places of both

    BigQuery's decimal has nine places. Spark gives a product six where the digits of
    both would be more than 38, so there the number is taken without digits that it does
    not have; from 10^10 on, six places are what is left.
-#}
{% macro scale_type() -%}
    {{ return(adapter.dispatch('scale_type', 'northstar')()) }}
{%- endmacro %}

{% macro default__scale_type() -%}
    {{ return('decimal(18, 12)') }}
{%- endmacro %}

{% macro bigquery__scale_type() -%}
    {{ return('bignumeric') }}
{%- endmacro %}

{% macro float_type() -%}
    {{ return(adapter.dispatch('float_type', 'northstar')()) }}
{%- endmacro %}

{% macro default__float_type() -%}
    {{ return('double precision') }}
{%- endmacro %}

{% macro spark__float_type() -%}
    {{ return('double') }}
{%- endmacro %}

{% macro bigquery__float_type() -%}
    {{ return('float64') }}
{%- endmacro %}

{% macro scaled(number, scale) -%}
    {{ return(adapter.dispatch('scaled', 'northstar')(number, scale)) }}
{%- endmacro %}

{% macro default__scaled(number, scale) -%}
    {{ return(number ~ ' * ' ~ scale) }}
{%- endmacro %}

{% macro spark__scaled(number, scale) -%}
    {{ return(
        'coalesce('
        ~ northstar.rounded('try_cast(' ~ number ~ ' as decimal(19, 9)) * ' ~ scale)
        ~ ', ' ~ northstar.rounded(number ~ ' * ' ~ scale) ~ ')'
    ) }}
{%- endmacro %}

{#- Redshift, too, keeps places only where the digits of both fit in 38. -#}
{% macro redshift__scaled(number, scale) -%}
    {{ return(
        'case when abs(' ~ number ~ ') < 1e10 then cast(cast(' ~ number
        ~ ' as decimal(19, 9)) * ' ~ scale ~ ' as decimal(38, 9)) else cast(' ~ number
        ~ ' * ' ~ scale ~ ' as decimal(38, 9)) end'
    ) }}
{%- endmacro %}
