{#-
    For the analyses of retention that count days: who started when, and in which of the
    analysis's windows after that they met the definition, as if it were a period. One
    row per analysis, metric, entity and start.

    is_retained_<n>   in the nth window of the analysis; see retention_analyses()
-#}

{%- set analyses = [] -%}
{%- set counts = [0] -%}
{%- for analysis in northstar.retention_analyses() if analysis.kind != 'period' -%}
    {%- for metric in analysis.metrics -%}
        {%- do analyses.append((analysis, metric)) -%}
        {%- do counts.append(analysis.windows | length) -%}
    {%- endfor -%}
{%- endfor -%}

{{ config(
    materialized='northstar_incremental',
    meta={
        'northstar_storage': 'definitions',
        'northstar_changes': {
            'relation': 'int_northstar__touched_entities',
            'keys': ['entity_type', 'entity_id'],
            'rows': 'distinct',
        },
    },
    enabled=analyses | length > 0,
) }}

{%- set all_at_once = northstar.rebuilds('definitions') -%}
{%- set has_recurring = analyses | map('first')
    | selectattr('cohort', 'equalto', 'recurring') | list %}

with

{% if not all_at_once -%}
touched as (
    select * from {{ ref('int_northstar__touched_entities') }}
),

{% endif -%}
bookings as (
    select bookings.*
    from {{ ref('int_northstar__bookings') }} as bookings
    {%- if not all_at_once %}
    inner join touched
        on
            bookings.entity_type = touched.entity_type
            and bookings.entity_id = touched.entity_id
    {%- endif %}
),

anchored as (
    select
        entities.entity_type,
        entities.entity_id,
        entities.anchor_at,
        {{ northstar.local_date('entities.anchor_at') }} as anchor_date
    from {{ ref('int_northstar__entities') }} as entities
    {%- if not all_at_once %}
    inner join touched
        on
            entities.entity_type = touched.entity_type
            and entities.entity_id = touched.entity_id
    {%- endif %}
),
{% if has_recurring %}
-- a start in each period in which an entity qualifies: its first event there
qualified as (
    select
        bookings.metric_name,
        bookings.entity_id,
        bookings.period_start,
        min(bookings.booked_at) as started_at,
        min(bookings.booked_date) as started_date
    from bookings
    inner join {{ ref('int_northstar__entity_measures') }} as entity_measures
        on
            bookings.metric_name = entity_measures.metric_name
            and bookings.entity_id = entity_measures.entity_id
            and bookings.period_start = entity_measures.period_start
            and entity_measures.is_qualified
            and not entity_measures.is_same_point
    where not bookings.is_void
    group by bookings.metric_name, bookings.entity_id, bookings.period_start
),
{% endif %}
{%- for analysis, metric in analyses %}
{%- set name = 'analysis_' ~ loop.index %}
-- {{ analysis.kind }}, {{ analysis.cohort }}, {{ metric.name }}
{{ name }}_starts as (
    {%- if analysis.cohort == 'recurring' %}
    select
        entity_id,
        period_start as cohort_start,
        started_at,
        started_date
    from qualified
    where metric_name = '{{ metric.name }}'
    {%- else %}
    select
        entity_id,
        {{ northstar.period_start('anchor_date', metric.window.grain) }}
            as cohort_start,
        anchor_at as started_at,
        anchor_date as started_date
    from anchored
    where entity_type = '{{ metric.entity }}'
    {%- endif %}
),
{%- if analysis.clock == 'calendar' %}

{{ name }}_dates as (
    select distinct started_date
    from {{ name }}_starts
),

{{ name }}_bounds as (
    {%- for since, until in analysis.windows %}
    select
        started_date,
        {{ loop.index }} as window_number,
        {{ northstar.local_midnight(
            '(' ~ northstar.add_days('started_date', since) ~ ')') }} as begins_at,
        {{ northstar.local_midnight(
            '(' ~ northstar.add_days('started_date', until) ~ ')') }} as ends_at
    from {{ name }}_dates
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),
{%- endif %}

{{ name }}_spans as (
    {%- if analysis.clock == 'calendar' %}
    select
        started.entity_id,
        started.cohort_start,
        bounds.window_number,
        bounds.begins_at,
        bounds.ends_at
    from {{ name }}_starts as started
    inner join {{ name }}_bounds as bounds on started.started_date = bounds.started_date
    {%- else %}
    {%- for since, until in analysis.windows %}
    select
        entity_id,
        cohort_start,
        {{ loop.index }} as window_number,
        {{ northstar.add_seconds('started_at', since * 86400) }} as begins_at,
        {{ northstar.add_seconds('started_at', until * 86400) }} as ends_at
    from {{ name }}_starts
    {{ 'union all' if not loop.last }}
    {%- endfor %}
    {%- endif %}
),

{{ name }}_returns as (
    select
        spans.entity_id,
        spans.cohort_start,
        spans.window_number
    from bookings
    inner join {{ name }}_spans as spans
        on
            bookings.entity_id = spans.entity_id
            and bookings.booked_at >= spans.begins_at
            and bookings.booked_at < spans.ends_at
    where
        bookings.metric_name = '{{ metric.name }}'
        {{ northstar.holds_in_window(
            metric, 'spans.entity_id', 'spans.begins_at', 'spans.ends_at'
        ) }}
    group by spans.entity_id, spans.cohort_start, spans.window_number
    having {{ northstar.qualifies(metric) }}
),

{{ name }}_retained as (
    select
        entity_id,
        cohort_start,
        {%- for window in analysis.windows %}
        max(case when window_number = {{ loop.index }} then 1 else 0 end)
            as is_retained_{{ loop.index }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ name }}_returns
    group by entity_id, cohort_start
),

{{ name }} as (
    select
        {{ northstar.text_literal(analysis.name) }} as analysis_name,
        '{{ metric.name }}' as metric_name,
        '{{ metric.entity }}' as entity_type,
        started.entity_id,
        started.cohort_start,
        started.started_at,
        started.started_date
        {%- for number in range(1, counts | max + 1) %},
        {{ 'coalesce(retained.is_retained_' ~ number ~ ' = 1, false)'
            if number <= analysis.windows | length else 'false' }}
            as is_retained_{{ number }}
        {%- endfor %}
    from {{ name }}_starts as started
    left join {{ name }}_retained as retained
        on
            started.entity_id = retained.entity_id
            and started.cohort_start = retained.cohort_start
),
{% endfor %}
returns as (
    {%- for _ in analyses %}
    select * from analysis_{{ loop.index }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select * from returns
