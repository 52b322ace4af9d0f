{#-
    The Wilson score interval of 95 % of a rate, k of n: what the rate may be, given how
    few were looked at. Null where n is 0. Source: Wilson, Probable Inference, JASA 22
    (1927).

    Example: {{ northstar.wilson_lower('activated_entities', 'mature_entities') }}

    Computed in doubles and rounded to six places, so that it is the same number on
    every engine.
-#}
{% macro wilson_lower(k, n) -%}
    {{ return(northstar._wilson(k, n, '-', k ~ ' = 0', '0')) }}
{%- endmacro %}

{% macro wilson_upper(k, n) -%}
    {{ return(northstar._wilson(k, n, '+', k ~ ' = ' ~ n, '1')) }}
{%- endmacro %}

{% macro _wilson(k, n, sign, is_edge, edge) -%}
    {%- set z = 1.959963985 -%}
    {%- set k = 'cast(' ~ k ~ ' as ' ~ northstar.float_type() ~ ')' -%}
    {%- set n = 'cast(' ~ n ~ ' as ' ~ northstar.float_type() ~ ')' -%}
    {%- set half = z ~ ' * sqrt(' ~ k ~ ' * (' ~ n ~ ' - ' ~ k ~ ') / ' ~ n ~ ' + '
        ~ z * z / 4 ~ ')' -%}
    {%- set bound = '(' ~ k ~ ' + ' ~ z * z / 2 ~ ' ' ~ sign ~ ' ' ~ half ~ ') / (' ~ n
        ~ ' + ' ~ z * z ~ ')' -%}
    {{ return(
        northstar.rounded('case when ' ~ n ~ ' > 0 then case when ' ~ is_edge ~ ' then '
            ~ edge ~ ' else cast(' ~ bound ~ ' as decimal(38, 6)) end end')
    ) }}
{%- endmacro %}
