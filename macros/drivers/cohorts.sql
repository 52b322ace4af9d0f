{#-
    Cohorts are entities that began in one period, whatever the length of a metric's
    periods.

    cohort_start(date, grains, grain)  the first date of the period that a date falls
                                       in, by the grain of each row
    cohort_end(cohort_start, grains, grain)
                                       the date after its last one
    cohort_status(cohort_ends_at, final_at)
                                       open while the cohort still grows, final once all
                                       of it was followed to the end of a row's window;
                                       beside a watermark_at

    grains: the grains that occur, so that a project of weeks asks no row for its grain.
-#}
{% macro cohort_start(date, grains, grain='grain') -%}
    {%- set expressions = [] -%}
    {%- for name in grains -%}
        {%- do expressions.append(northstar.period_start(date, name)) -%}
    {%- endfor -%}
    {{ return(northstar._by_grain(expressions, grains, grain)) }}
{%- endmacro %}

{% macro cohort_end(cohort_start, grains, grain='grain') -%}
    {%- set expressions = [] -%}
    {%- for name in grains -%}
        {%- do expressions.append(northstar.period_end(cohort_start, name)) -%}
    {%- endfor -%}
    {{ return(northstar._by_grain(expressions, grains, grain)) }}
{%- endmacro %}

{% macro _by_grain(expressions, grains, grain) -%}
    {%- if grains | length == 1 -%}{{ return(expressions[0]) }}{%- endif -%}
    {%- set branches = [] -%}
    {%- for name in grains -%}
        {%- do branches.append("when '" ~ name ~ "' then " ~ expressions[loop.index0]) -%}
    {%- endfor -%}
    {{ return('case ' ~ grain ~ ' ' ~ branches | join(' ') ~ ' end') }}
{%- endmacro %}

{% macro cohort_status(cohort_ends_at, final_at) -%}
    {{ return(
        'case when watermark_at < ' ~ cohort_ends_at ~ " then 'open'"
        ~ ' when watermark_at >= ' ~ final_at ~ " then 'final' else 'provisional' end"
    ) }}
{%- endmacro %}

{#- Up to when everyone is known to have been followed: the watermark less the grace. -#}
{% macro followed_until() -%}
    {{ return(northstar.add_seconds(
        'watermark_at', '-' ~ (var('northstar_grace_hours') * 3600) | int
    )) }}
{%- endmacro %}
