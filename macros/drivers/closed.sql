{#-
    A count of a period that is over; null while it is open, for rates that an
    unfinished period would show too low or too high.

    Example: {{ northstar.closed('retained_entities') }}
    Output:  case when period_status <> 'open' then retained_entities end
-#}
{% macro closed(column) -%}
    {{ return("case when period_status <> 'open' then " ~ column ~ ' end') }}
{%- endmacro %}
