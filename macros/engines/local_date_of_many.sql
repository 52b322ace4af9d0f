{#-
    The same date as local_date(), for a model that asks it of every raw event.

    Example: {{ northstar.local_date_of_many('occurred_at') }}
    Output:  cast(
                 occurred_at + case
                     when occurred_at < timestamp '2024-03-31 01:00:00' then ...
                 end as date
             )

    DuckDB converts zones row by row, at a third of a microsecond each: a tenth of a
    full build. There the offsets that it has for the zone are asked once and written
    out as a tree of comparisons; instants before and after the years that it is written
    for are converted as elsewhere.
-#}
{% macro local_date_of_many(instant) -%}
    {{ return(adapter.dispatch('local_date_of_many', 'northstar')(instant)) }}
{%- endmacro %}

{% macro default__local_date_of_many(instant) -%}
    {{ return(northstar.local_date(instant)) }}
{%- endmacro %}

{% macro duckdb__local_date_of_many(instant) -%}
    {%- if var('northstar_timezone') == 'UTC' -%}
        {{ return(northstar.local_date(instant)) }}
    {%- endif -%}
    {%- if not execute -%}{{ return(northstar.local_date(instant)) }}{%- endif -%}
    {%- set years = [1999, 2035] -%}
    {%- set offsets = northstar._zone_offsets(years) -%}
    {{ return(
        'case when ' ~ instant ~ " >= cast('" ~ years[0] ~ "-01-01' as timestamp) and "
        ~ instant ~ " < cast('" ~ years[1] ~ "-01-01' as timestamp) then cast("
        ~ instant ~ ' + ' ~ northstar._offset_tree(instant, offsets)
        ~ ' as date) else ' ~ northstar.local_date(instant) ~ ' end'
    ) }}
{%- endmacro %}

{#-
    The zone's offsets from UTC in seconds, each with the UTC instant from which it
    holds. Where a week begins with another offset than it ends with, its hours are
    looked at, and then the minutes of that hour.
-#}
{% macro _zone_offsets(years) -%}
    {%- set known = northstar.recall('zone_offsets') -%}
    {%- if known is not none -%}{{ return(known) }}{%- endif -%}
    {%- set zone = northstar.string_literal(var('northstar_timezone')) -%}
    {%- set offset = "date_diff('second', changes_at, (changes_at at time zone 'UTC') at time zone "
        ~ zone ~ ")" -%}
    {%- set steps = ['7 days', '1 hour', '1 minute'] -%}
    {%- set query -%}
        with
        grid_0 as (
            select unnest(generate_series(
                timestamp '{{ years[0] }}-01-01', timestamp '{{ years[1] }}-01-08',
                interval '7 days'
            )) as changes_at
        ),
        {%- for step in steps %}
        compared_{{ loop.index }} as (
            select
                changes_at,
                {{ offset }} as utc_offset,
                lag(changes_at) over (order by changes_at) as previous_at,
                lag({{ offset }}) over (order by changes_at) as previous_offset
            from grid_{{ loop.index0 }}
        ),
        changed_{{ loop.index }} as (
            select * from compared_{{ loop.index }}
            where
                utc_offset <> previous_offset
                and changes_at - previous_at = interval '{{ step }}'
        ),
        {%- if not loop.last %}
        grid_{{ loop.index }} as (
            select distinct unnest(
                generate_series(previous_at, changes_at, interval '{{ steps[loop.index] }}')
            ) as changes_at
            from changed_{{ loop.index }}
        ),
        {%- endif %}
        {%- endfor %}
        beginning as (
            select timestamp '{{ years[0] }}-01-01' as changes_at
        )
        select changes_at, {{ offset }} as utc_offset from beginning
        union all
        select changes_at, utc_offset from changed_3
        order by 1
    {%- endset -%}
    {%- set offsets = [] -%}
    {%- for row in run_query(query).rows -%}
        {%- do offsets.append([row[0], row[1] | int]) -%}
    {%- endfor -%}
    {{ return(northstar.remember('zone_offsets', offsets)) }}
{%- endmacro %}

{% macro _offset_tree(instant, offsets) -%}
    {%- if offsets | length == 1 -%}
        {{ return('to_seconds(' ~ offsets[0][1] ~ ')') }}
    {%- endif -%}
    {%- set middle = offsets | length // 2 -%}
    {{ return(
        'case when ' ~ instant ~ " < cast('" ~ offsets[middle][0] ~ "' as timestamp) then "
        ~ northstar._offset_tree(instant, offsets[:middle]) ~ ' else '
        ~ northstar._offset_tree(instant, offsets[middle:]) ~ ' end'
    ) }}
{%- endmacro %}
