{#-
    What the definitions name, so that nothing else is stored at event grain.

    named_events()   the event names of every definition, its voids, the anchors of the
                     entities and the steps of the funnels
    is_named()       whether a row's event is one of them
    named_columns()  the columns of int_northstar__events beyond its keys: those that a
                     definition or a funnel counts, sums, matches or filters by, the ids
                     of the entities counted, and the mapped segments. Output: {name, type}
    stored_event_columns()  the same of int_northstar__named_events: also what says whose
                     a row is, and the flags
-#}
{% macro named_events() -%}
    {%- set known = northstar.recall('named_events') -%}
    {%- if known is not none -%}{{ return(known) }}{%- endif -%}
    {%- set names = [] -%}
    {%- for metric in northstar.event_metrics() -%}
        {%- for entry in metric.events -%}{%- do names.append(entry.event) -%}{%- endfor -%}
        {%- if metric.void -%}{%- do names.append(metric.void.event) -%}{%- endif -%}
    {%- endfor -%}
    {#- a void that a metric ignores is counted by its guardrails #}
    {%- for _, void in northstar.voided_metrics() -%}
        {%- do names.append(void.event) -%}
    {%- endfor -%}
    {%- for entity in var('northstar_entities').values() if entity.anchor -%}
        {%- do names.append(entity.anchor) -%}
    {%- endfor -%}
    {%- for funnel in northstar.funnels() if not funnel.metric -%}
        {%- do names.extend(funnel.steps | map(attribute='event') | list) -%}
    {%- endfor -%}
    {{ return(northstar.remember('named_events', names | unique | list)) }}
{%- endmacro %}

{% macro is_named() -%}
    {%- set literals = [] -%}
    {%- for name in northstar.named_events() -%}
        {%- do literals.append(northstar.string_literal(name)) -%}
    {%- endfor -%}
    {%- if not literals -%}{{ return('1 = 0') }}{%- endif -%}
    {{ return('event_name in (' ~ literals | join(', ') ~ ')') }}
{%- endmacro %}

{% macro stored_event_columns() -%}
    {%- set known = northstar.recall('stored_event_columns') -%}
    {%- if known is not none -%}{{ return(known) }}{%- endif -%}
    {%- set named = northstar.named_columns() | map(attribute='name') | list -%}
    {%- set needed = ['user_id', 'anonymous_id', 'is_internal', 'is_bot', 'is_test'] -%}
    {%- for input in ('exclusions', 'consent', 'erasure_requests')
        if northstar.has_input('northstar_' ~ input) -%}
        {%- do needed.append('account_id') -%}
    {%- endfor -%}
    {%- for entity in var('northstar_entities').values() if entity.anchor -%}
        {%- do needed.append(entity.id) -%}
    {%- endfor -%}
    {%- set columns = [] -%}
    {%- for column in northstar.event_columns()
        if column.name in named or column.name in needed -%}
        {%- do columns.append(column) -%}
    {%- endfor -%}
    {{ return(northstar.remember('stored_event_columns', columns)) }}
{%- endmacro %}

{% macro named_columns() -%}
    {%- set known = northstar.recall('named_columns') -%}
    {%- if known is not none -%}{{ return(known) }}{%- endif -%}
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
    {%- for _, void in northstar.voided_metrics() -%}
        {%- do words.extend([void.key, void.value]) -%}
    {%- endfor -%}
    {%- for funnel in northstar.funnels() if not funnel.metric -%}
        {%- do words.append(funnel.entity_column) -%}
        {%- for step in funnel.steps -%}
            {%- do words.extend(
                modules.re.findall('[a-z_][a-z0-9_]*', (step.where or '') | lower)
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set segments = northstar.segments() + northstar.declared_segments() -%}
    {%- set stored = ['event_id', 'event_name', 'occurred_at'] -%}
    {%- set columns = [] -%}
    {%- for column in northstar.event_columns() if column.name not in stored
        and (column.name in words or column.name in segments) -%}
        {%- do columns.append(column) -%}
    {%- endfor -%}
    {{ return(northstar.remember('named_columns', columns)) }}
{%- endmacro %}
