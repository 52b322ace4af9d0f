{#-
    A metric's entities by the value of each segment: what they add to its total, and
    how many they are. A value that was there in the period before and is gone has a row
    with nothing in it. One row per metric (or part of a ratio), period, segment and
    value.

    contribution        in the measure's own unit; the number of qualified entities
                        where entities are counted
    counting_entities   those whose contribution is not null: with a net void, more than
                        qualify
    is_suppressed       under `northstar_min_cell`, or hidden with such a cell so that
                        the total does not give it away
-#}

{{ config(
    materialized='northstar_table',
    enabled=northstar.segmented_metrics() | length > 0,
) }}

{%- set metrics = northstar.segmented_metrics() -%}
{%- set segments = [] -%}
{%- set grown = [] -%}
{%- for metric in metrics -%}
    {%- do segments.extend(northstar.segments_of(metric)) -%}
    {%- do grown.append(metric)
        if northstar.growth_segment() in northstar.segments_of(metric) -%}
{%- endfor -%}
{%- set segments = segments | unique(attribute='name') | list -%}
{%- set min_cell = var('northstar_min_cell', none) or 0 %}

with

metric_values as (
    select * from {{ ref('int_northstar__metric_values') }}
),

metrics as (
    select * from {{ ref('int_northstar__metrics') }}
),

entity_measures as (
    select * from {{ ref('int_northstar__entity_measures') }}
    where
        contribution is not null
        and not is_same_point
        and metric_name in ({{ northstar.names_of(metrics) }})
),

counted as (
    select
        entity_measures.metric_name,
        entity_measures.period_start,
        {%- for segment in northstar.mapped_segments() %}
        entity_measures.{{ segment.column }},
        {%- endfor %}
        {%- if grown %}
        case
            when entity_measures.metric_name in ({{ northstar.names_of(grown) }})
                then coalesce(entity_measures.growth_status, '(none)')
        end as growth_status,
        {%- endif %}
        case
            when metrics.total = 'measure' then entity_measures.contribution
            when entity_measures.is_qualified then 1
            else 0
        end as contribution,
        entity_measures.is_qualified
    from entity_measures
    inner join metrics on entity_measures.metric_name = metrics.metric_name
),

grouped as (
    {%- for segment in segments %}
    select
        metric_name,
        period_start,
        '{{ segment.name }}' as segment_name,
        {{ segment.column }} as segment_value,
        sum(contribution) as contribution,
        count(*) as counting_entities,
        sum(case when is_qualified then 1 else 0 end) as qualified_entities
    from counted
    where {{ segment.column }} is not null
    group by metric_name, period_start, {{ segment.column }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

standing as (
    select
        grouped.metric_name,
        grouped.period_start,
        metric_values.previous_start,
        grouped.segment_name,
        grouped.segment_value,
        grouped.contribution,
        grouped.counting_entities,
        grouped.qualified_entities
    from grouped
    inner join metric_values
        on
            grouped.metric_name = metric_values.metric_name
            and grouped.period_start = metric_values.period_start

    union all

    -- whoever was there in the period before
    select
        grouped.metric_name,
        metric_values.period_start,
        metric_values.previous_start,
        grouped.segment_name,
        grouped.segment_value,
        0 as contribution,
        0 as counting_entities,
        0 as qualified_entities
    from grouped
    inner join metric_values
        on
            grouped.metric_name = metric_values.metric_name
            and grouped.period_start = metric_values.previous_start
),

cells as (
    select
        metric_name,
        period_start,
        previous_start,
        segment_name,
        segment_value,
        sum(contribution) as contribution,
        sum(counting_entities) as counting_entities,
        sum(qualified_entities) as qualified_entities
    from standing
    group by metric_name, period_start, previous_start, segment_name, segment_value
),
{% if min_cell %}
-- the smallest first: those under the least number, and whoever hides them
ranked as (
    select
        *,
        row_number() over (
            partition by metric_name, period_start, segment_name
            order by qualified_entities, {{ northstar.byte_order('segment_value') }}
        ) as size_rank,
        max(
            case
                when qualified_entities < {{ min_cell }} and counting_entities > 0
                    then 1
                else 0
            end
        ) over (partition by metric_name, period_start, segment_name) as hides_someone
    from cells
),

running as (
    select
        *,
        coalesce(sum(case when counting_entities > 0 then 1 else 0 end) over (
            partition by metric_name, period_start, segment_name
            order by size_rank
            rows between unbounded preceding and 1 preceding
        ), 0)
            as smaller_cells,
        coalesce(sum(qualified_entities) over (
            partition by metric_name, period_start, segment_name
            order by size_rank
            rows between unbounded preceding and 1 preceding
        ), 0) as smaller_entities
    from ranked
),

judged as (
    select
        *,
        qualified_entities < {{ min_cell }}
        or hides_someone = 1
        and (smaller_cells < 2 or smaller_entities < {{ min_cell }}) as is_suppressed
    from running
)
{%- else %}
judged as (
    select
        *,
        false as is_suppressed
    from cells
)
{%- endif %}

select
    metric_name,
    period_start,
    previous_start,
    segment_name,
    segment_value,
    {{ northstar.rounded('contribution') }} as contribution,
    cast(counting_entities as bigint) as counting_entities,
    cast(qualified_entities as bigint) as qualified_entities,
    is_suppressed
from judged
