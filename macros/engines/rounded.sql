{#-
    A published number, with nine places, its type, and what may be done with it.

    rounded(number)          the number as it is published
    number_type()            its type
    additive(total)          a sum of such numbers that others are added to later
    multiple(number, whole)  a number times a whole one below 10^9

    Example: {{ northstar.rounded('numerator / denominator') }}

    The type is decimal(38, 9) where there is one. Spark gives a sum or difference of two
    such numbers eight places, since its digits before the point could be one more than
    fit: there ten digits are left free, which as many additions may use up. Its numbers
    are so below 10^19, as those are that it reads.
-#}
{% macro rounded(number) -%}
    {{ return('cast(' ~ number ~ ' as ' ~ northstar.number_type() ~ ')') }}
{%- endmacro %}

{% macro number_type() -%}
    {{ return(adapter.dispatch('number_type', 'northstar')()) }}
{%- endmacro %}

{% macro default__number_type() -%}
    {{ return('decimal(38, 9)') }}
{%- endmacro %}

{% macro spark__number_type() -%}
    {{ return('decimal(28, 9)') }}
{%- endmacro %}

{% macro additive(total) -%}
    {{ return(adapter.dispatch('additive', 'northstar')(total)) }}
{%- endmacro %}

{% macro default__additive(total) -%}
    {{ return(total) }}
{%- endmacro %}

{#- A sum has all the digits that there are. -#}
{% macro spark__additive(total) -%}
    {{ return(northstar.rounded(total)) }}
{%- endmacro %}

{% macro multiple(number, whole) -%}
    {{ return(adapter.dispatch('multiple', 'northstar')(number, whole)) }}
{%- endmacro %}

{% macro default__multiple(number, whole) -%}
    {{ return(whole ~ ' * ' ~ number) }}
{%- endmacro %}

{#- A product has the digits of both, and those of a bigint are too many. -#}
{% macro spark__multiple(number, whole) -%}
    {{ return('cast(' ~ whole ~ ' as decimal(9, 0)) * ' ~ number) }}
{%- endmacro %}
