{#-
    A definition's steps as expressions over the rows of int_northstar__events.

    event_predicate(metric)  true for the rows that the definition's events name,
                             `where` included (step 8)
    entity_id(metric)        the entity counted
    booked_at(metric)        the instant that books the event
    booked_date(metric)      the local date of it
    amount(metric)           what the event adds to the measure: 1 for a count, the
                             capped value for a sum, 1 where the column is not null for
                             a distinct count
    distinct_value(metric)   the column counted distinct, as text

    Example, for {entity: team, events: [{event: workflow_completed}]}:
    event_predicate -> event_name = 'workflow_completed'
    entity_id       -> account_id
-#}
{% macro event_predicate(metric) -%}
    {%- set entries = [] -%}
    {%- for entry in metric.events -%}
        {%- do entries.append(northstar.entry_predicate(entry)) -%}
    {%- endfor -%}
    {%- if entries | length == 1 -%}
        {{ return(entries[0]) }}
    {%- endif -%}
    {{ return('((' ~ entries | join(') or (') ~ '))') }}
{%- endmacro %}

{% macro entry_predicate(entry) -%}
    {%- set named = 'event_name = ' ~ northstar.string_literal(entry.event) -%}
    {{ return(named ~ ' and (' ~ entry.where ~ ')' if entry.where else named) }}
{%- endmacro %}

{% macro entity_id(metric) -%}
    {{ return(northstar.canonical_column(metric.entity_column)) }}
{%- endmacro %}

{#- In a measure or an entity, user_id is the person; in `where` it is the raw id. -#}
{% macro canonical_column(column) -%}
    {{ return('person_id' if column == 'user_id' else column) }}
{%- endmacro %}

{% macro booked_at(metric) -%}
    {%- set expressions = metric.events | map(attribute='at') | list -%}
    {{ return(northstar.by_entry(metric, expressions)) }}
{%- endmacro %}

{% macro booked_date(metric) -%}
    {%- set dates = [] -%}
    {%- for entry in metric.events -%}
        {%- do dates.append(
            'local_date' if entry.at == 'occurred_at' else northstar.local_date(entry.at)
        ) -%}
    {%- endfor -%}
    {{ return(northstar.by_entry(metric, dates)) }}
{%- endmacro %}

{% macro amount(metric) -%}
    {%- if metric.measure == 'count' -%}
        {{ return('1') }}
    {%- elif metric.measure == 'distinct' -%}
        {{ return(
            'case when ' ~ northstar.distinct_value(metric) ~ ' is not null then 1 end'
        ) }}
    {%- endif -%}
    {%- set values = [] -%}
    {%- for entry in metric.events -%}
        {%- do values.append(
            'case when ' ~ entry.value ~ ' > ' ~ entry.cap ~ ' then ' ~ entry.cap
            ~ ' else ' ~ entry.value ~ ' end' if entry.cap is not none
            else entry.value
        ) -%}
    {%- endfor -%}
    {{ return(northstar.by_entry(metric, values)) }}
{%- endmacro %}

{% macro distinct_value(metric) -%}
    {%- if metric.distinct == 'local_date' -%}
        {%- set column = northstar.booked_date(metric) -%}
    {%- elif metric.distinct == 'local_week' -%}
        {%- set column = northstar.period_start(
            '(' ~ northstar.booked_date(metric) ~ ')', 'week'
        ) -%}
    {%- else -%}
        {%- set column = northstar.canonical_column(metric.distinct) -%}
    {%- endif -%}
    {%- set of_type = northstar.event_columns()
        | selectattr('name', 'equalto', metric.distinct) | map(attribute='type') -%}
    {{ return(northstar.as_text(
        column, 'boolean' if 'boolean' in of_type | list else none
    )) }}
{%- endmacro %}

{#- One expression where all entries agree, else that of the first entry that matches. -#}
{% macro by_entry(metric, expressions) -%}
    {%- if expressions | unique | list | length == 1 -%}
        {{ return(expressions[0]) }}
    {%- endif -%}
    {%- set branches = [] -%}
    {%- for entry in metric.events -%}
        {%- do branches.append(
            'when ' ~ northstar.entry_predicate(entry) ~ ' then '
            ~ expressions[loop.index0]
        ) -%}
    {%- endfor -%}
    {{ return('case ' ~ branches | join(' ') ~ ' end') }}
{%- endmacro %}

{#-
    True for a row that the other part of a ratio names, and that lacks its entity or
    its booking time there (unplaced), or its measured column (unmeasured).
-#}
{% macro is_unplaced(part) -%}
    {{ return(
        'coalesce(' ~ northstar.event_predicate(part) ~ ' and ('
        ~ northstar.entity_id(part) ~ ' is null or '
        ~ northstar.booked_at(part) ~ ' is null), false)'
    ) }}
{%- endmacro %}

{% macro is_unmeasured(part) -%}
    {{ return(
        'coalesce(' ~ northstar.event_predicate(part) ~ ' and '
        ~ northstar.amount(part) ~ ' is null, false)'
    ) }}
{%- endmacro %}

{#- Who acted: a person counts where some id of theirs is a known user. -#}
{% macro actor_id(metric) -%}
    {%- if metric.actors.distinct == 'user_id' -%}
        {{ return('case when is_known_person then person_id end') }}
    {%- endif -%}
    {{ return('cast(' ~ metric.actors.distinct ~ ' as ' ~ northstar.text_type() ~ ')') }}
{%- endmacro %}
