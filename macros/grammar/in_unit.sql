{#-
    A sum of measures as the metric publishes it: times `unit_scale`, rounded once.

    Example: {{ northstar.in_unit('sum(contribution)', 'metrics.unit_scale') }}
    Output:  cast(case when metrics.unit_scale = 1 then sum(contribution)
             else sum(contribution) * metrics.unit_scale end as decimal(38, 9))

    Where no scale is in use nothing is multiplied, so large values keep their room.
-#}
{% macro in_unit(number, unit_scale) -%}
    {{ return(northstar.rounded(
        'case when ' ~ unit_scale ~ ' = 1 then ' ~ number ~ ' else '
        ~ northstar.scaled(number, unit_scale) ~ ' end'
    )) }}
{%- endmacro %}
