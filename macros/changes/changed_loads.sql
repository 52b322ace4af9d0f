{#-
    A predicate over raw events: those of the days of loading that this run reads again.

    Example: where {{ northstar.in_changed_loads('screened') }}
    Output:  (
                 stated_loaded_at is null
                 or stated_loaded_at >= '2026-06-01' and stated_loaded_at < '2026-06-02'
             ) and (
                 source_name = 'app'
                 and loaded_at >= '2026-06-01' and loaded_at < '2026-06-02'
             )

    The days are written out, since a warehouse skips the rest of the raw events only
    where it knows the bounds before it starts, and only by a column as it is stored:
    loaded_at falls back on occurred_at, so stated_loaded_at is compared before it. Days
    in a row are one range; beyond a hundred ranges it is the span from the first to the
    last, and a look at each row.

    rows             the name by which the query knows the rows, those of
                     int_northstar__screened_events
    relation, where  the relation that lists the days, and which of its rows
-#}
{% macro in_changed_loads(
    rows, relation='int_northstar__changed_loads', where='1 = 1'
) -%}
    {%- set changed = ref('northstar', relation) -%}
    {%- if not execute or load_relation(changed) is none -%}
        {{ return('1 = 1') }}
    {%- endif -%}
    {%- set days = run_query(
        'select source_name, load_date from ' ~ changed ~ ' where ' ~ where
        ~ ' order by 1, 2'
    ).rows -%}
    {%- set ranges = [] -%}
    {%- for row in days -%}
        {%- set last = ranges[-1] if ranges else none -%}
        {%- if last and last[0] == row[0]
            and last[2] + modules.datetime.timedelta(days=1) == row[1] -%}
            {%- do ranges.pop() -%}
            {%- do ranges.append((row[0], last[1], row[1])) -%}
        {%- else -%}
            {%- do ranges.append((row[0], row[1], row[1])) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if not ranges -%}{{ return('1 = 0') }}{%- endif -%}
    {%- if ranges | length > 100 -%}
        {%- set dates = days | map(attribute=1) | list -%}
        {{ return(
            northstar._stated_between([(none, dates | min, dates | max)])
            ~ northstar._loaded_between(dates | min, dates | max)
            ~ ' and exists (select 1 from ' ~ changed ~ ' as changed where '
            ~ 'changed.source_name = ' ~ rows ~ '.source_name and changed.load_date = '
            ~ rows ~ '.load_date and ' ~ where ~ ')'
        ) }}
    {%- endif -%}
    {%- set predicates = [] -%}
    {%- for source, first, last in ranges -%}
        {%- do predicates.append(
            'source_name = ' ~ northstar.string_literal(source) ~ ' and '
            ~ northstar._loaded_between(first, last)
        ) -%}
    {%- endfor -%}
    {{ return(
        northstar._stated_between(ranges) ~ '((' ~ predicates | join(') or (') ~ '))'
    ) }}
{%- endmacro %}

{% macro _stated_between(ranges) -%}
    {%- if not northstar.has_event_column('loaded_at') -%}{{ return('') }}{%- endif -%}
    {%- set within = ['stated_loaded_at is null'] -%}
    {%- for _, first, last in ranges -%}
        {%- do within.append(northstar._within(first, last, 'stated_loaded_at')) -%}
    {%- endfor -%}
    {{ return('(' ~ within | join(' or ') ~ ') and ') }}
{%- endmacro %}

{% macro _within(first, last, column) -%}
    {%- set after = last + modules.datetime.timedelta(days=1) -%}
    {{ return(
        column ~ ' >= ' ~ northstar.instant_literal(first)
        ~ ' and ' ~ column ~ ' < ' ~ northstar.instant_literal(after)
    ) }}
{%- endmacro %}

{% macro _loaded_between(first, last) -%}
    {%- set within = northstar._within(first, last, 'loaded_at') -%}
    {%- if first == northstar._no_date() -%}
        {{ return('(loaded_at is null or ' ~ within ~ ')') }}
    {%- endif -%}
    {{ return(within) }}
{%- endmacro %}

{#- The day of loading of rows that have no time at all. -#}
{% macro _no_date() -%}
    {{ return(modules.datetime.date(1, 1, 1)) }}
{%- endmacro %}

{#-
    The day on which a row was loaded, in UTC: the grain in which raw events are read
    again. loaded_at is the row's time of loading, else of occurring.
-#}
{% macro load_date(loaded_at='loaded_at') -%}
    {{ return(
        'coalesce(cast(' ~ loaded_at ~ " as date), cast('"
        ~ northstar._no_date().isoformat() ~ "' as date))"
    ) }}
{%- endmacro %}
