{#-
    What the definitions name, so that nothing else is stored at event grain.

    named_events()   the event names of every definition, its voids and the anchors of
                     the entities that a definition counts
    named_columns()  the columns of int_northstar__events beyond its keys: those that a
                     definition counts, sums, matches or filters by, the ids of the
                     entities counted, and the mapped segments. Output: {name, type}
-#}
{% macro named_events() -%}
    {%- set names = [] -%}
    {%- for metric in northstar.event_metrics() -%}
        {%- for entry in metric.events -%}{%- do names.append(entry.event) -%}{%- endfor -%}
        {%- if metric.void -%}{%- do names.append(metric.void.event) -%}{%- endif -%}
        {%- if metric.anchor -%}{%- do names.append(metric.anchor) -%}{%- endif -%}
    {%- endfor -%}
    {{ return(names | unique | list) }}
{%- endmacro %}

{% macro named_columns() -%}
    {%- set words = [] -%}
    {%- for metric in northstar.event_metrics() -%}
        {%- do words.append(metric.entity_column) -%}
        {%- do words.append(metric.distinct) -%}
        {%- do words.append(metric.actors.distinct if metric.actors) -%}
        {%- do words.extend([metric.void.key, metric.void.value] if metric.void else []) -%}
        {%- for entry in metric.events -%}
            {%- do words.extend([entry.at, entry.value]) -%}
            {%- do words.append('currency' if entry.value == 'value') -%}
            {%- do words.extend(
                modules.re.findall('[a-z_][a-z0-9_]*', (entry.where or '') | lower)
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set segments = northstar.segments() -%}
    {%- set stored = ['event_id', 'event_name', 'occurred_at'] -%}
    {%- set columns = [] -%}
    {%- for column in northstar.event_columns() if column.name not in stored
        and (column.name in words or column.name in segments) -%}
        {%- do columns.append(column) -%}
    {%- endfor -%}
    {{ return(columns) }}
{%- endmacro %}
