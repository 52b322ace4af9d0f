{%- set analyses = northstar.retention_analyses() -%}

{{ config(enabled=analyses | length > 0) }}

{%- set by_period = analyses | selectattr('kind', 'equalto', 'period') | list -%}
{%- set by_days = analyses | rejectattr('kind', 'equalto', 'period') | list -%}
{%- set metrics = analyses | map(attribute='metrics') | sum(start=[]) -%}
{%- set grains = metrics | map(attribute='window') | map(attribute='grain') | unique
    | list -%}
{%- set left_edge = var('northstar_left_censored_periods') %}

with

metrics as (
    select * from {{ ref('int_northstar__metrics') }}
),

metric_values as (
    select
        *,
        row_number() over (partition by metric_name order by period_start)
            as period_number
    from {{ ref('int_northstar__metric_values') }}
    where
        metric_name in (
            {%- for name in metrics | map(attribute='name') | unique %}
            '{{ name }}'{{ ',' if not loop.last }}
            {%- endfor %}
        )
),
{% if by_period %}
qualified as (
    select
        entity_measures.metric_name,
        entity_measures.entity_id,
        metric_values.period_number,
        min(metric_values.period_number) over (
            partition by entity_measures.metric_name, entity_measures.entity_id
        ) as first_number
    from {{ ref('int_northstar__entity_measures') }} as entity_measures
    inner join metric_values
        on
            entity_measures.metric_name = metric_values.metric_name
            and entity_measures.period_start = metric_values.period_start
    where entity_measures.is_qualified and not entity_measures.is_same_point
),
{% endif %}
{%- for analysis in by_period %}
{%- set name = 'analysis_' ~ loop.index %}
-- {{ analysis.cohort }}, by period: how many of a cohort qualify in each later period
{{ name }}_retained as (
    {%- if analysis.cohort == 'first' %}
    select
        metric_name,
        first_number as cohort_number,
        period_number - first_number as periods_since,
        count(*) as entities
    from qualified
    where
        metric_name in ({{ northstar.names_of(analysis.metrics) }})
        and period_number - first_number <= {{ analysis.horizon }}
    group by 1, 2, 3
    {%- else %}
    select
        cohorts.metric_name,
        cohorts.period_number as cohort_number,
        later.period_number - cohorts.period_number as periods_since,
        count(*) as entities
    from qualified as cohorts
    inner join qualified as later
        on
            cohorts.metric_name = later.metric_name
            and cohorts.entity_id = later.entity_id
            and cohorts.period_number <= later.period_number
            and cohorts.period_number + {{ analysis.horizon }} >= later.period_number
    where cohorts.metric_name in ({{ northstar.names_of(analysis.metrics) }})
    group by 1, 2, 3
    {%- endif %}
),

{{ name }}_periods as (
    select
        {{ northstar.text_literal(analysis.name) }} as analysis_name,
        'period' as retention_kind,
        '{{ analysis.cohort }}' as cohort_kind,
        '{{ analysis.clock }}' as clock,
        cohorts.metric_name,
        started.period_start as cohort_start,
        started.period_end as cohort_end,
        later.period_number - started.period_number as periods_since,
        later.period_number - started.period_number + 1 as periods_until,
        case
            when started.is_open then 'open'
            when later.period_status = 'final' then 'final'
            else 'provisional'
        end as period_status,
        cohorts.entities as cohort_entities,
        case when later.period_status = 'final' then cohorts.entities else 0 end
            as mature_entities,
        case
            when later.period_status = 'final' then coalesce(retained.entities, 0)
            else 0
        end as retained_entities
    from {{ name }}_retained as cohorts
    inner join metric_values as started
        on
            cohorts.metric_name = started.metric_name
            and cohorts.cohort_number = started.period_number
    inner join metric_values as later
        on
            started.metric_name = later.metric_name
            and started.period_number <= later.period_number
            and started.period_number + {{ analysis.horizon }} >= later.period_number
    left join {{ name }}_retained as retained
        on
            started.metric_name = retained.metric_name
            and started.period_number = retained.cohort_number
            and later.period_number - started.period_number = retained.periods_since
    where cohorts.periods_since = 0
),
{% endfor %}
{%- if by_days %}
watermark as (
    select
        watermark_at,
        {{ northstar.followed_until() }} as followed_until
    from {{ ref('int_northstar__watermark') }}
    where watermark_at is not null
),

-- the last date that has begun; it can come round again where clocks go back
followed as (
    select
        watermark_at,
        followed_until,
        case
            when {{ northstar.local_midnight('(' ~ northstar.add_days(
                '(' ~ northstar.local_date('followed_until') ~ ')', 1) ~ ')') }}
                <= followed_until
                then {{ northstar.add_days(
                    '(' ~ northstar.local_date('followed_until') ~ ')', 1) }}
            else {{ northstar.local_date('followed_until') }}
        end as followed_date
    from watermark
),

returns as (
    select * from {{ ref('int_northstar__returns') }}
),

counted as (
    {%- for analysis in by_days %}
    {%- set analysis_loop = loop %}
    {%- for since, until in analysis.windows %}
    {%- set is_mature = northstar.add_days('returns.started_date', until)
            ~ ' <= followed.followed_date' if analysis.clock == 'calendar'
        else northstar.add_seconds('returns.started_at', until * 86400)
            ~ ' <= followed.followed_until' %}
    select
        {{ northstar.text_literal(analysis.name) }} as analysis_name,
        '{{ analysis.kind }}' as retention_kind,
        '{{ analysis.cohort }}' as cohort_kind,
        '{{ analysis.clock }}' as clock,
        returns.metric_name,
        returns.cohort_start,
        {{ since }} as periods_since,
        {{ until }} as periods_until,
        count(*) as cohort_entities,
        sum(case when {{ is_mature }} then 1 else 0 end) as mature_entities,
        sum(
            case
                when returns.is_retained_{{ loop.index }} and {{ is_mature }} then 1
                else 0
            end
        ) as retained_entities
    from returns
    cross join followed
    where returns.analysis_name = {{ northstar.text_literal(analysis.name) }}
    group by 5, 6
    {{ 'union all' if not (analysis_loop.last and loop.last) }}
    {%- endfor %}
    {%- endfor %}
),

timed as (
    select
        counted.*,
        metrics.waiting_seconds,
        {{ northstar.cohort_end('counted.cohort_start', grains, 'metrics.grain') }}
            as cohort_end
    from counted
    inner join metrics on counted.metric_name = metrics.metric_name
),

-- when the window ends for whoever started at the very end of the cohort
ended as (
    select
        timed.*,
        followed.watermark_at,
        {{ northstar.local_midnight('timed.cohort_end') }} as ends_at,
        case
            when timed.clock = '24h'
                then {{ northstar.add_seconds(
                    '(' ~ northstar.local_midnight('timed.cohort_end') ~ ')',
                    'timed.periods_until * 86400') }}
            else {{ northstar.local_midnight('(' ~ northstar.add_days(
                'timed.cohort_end', 'timed.periods_until - 1') ~ ')') }}
        end as observed_until
    from timed
    cross join followed
),
{% endif %}
analysed as (
    {%- for _ in by_period %}
    select * from analysis_{{ loop.index }}_periods
    {{ 'union all' if by_days or not loop.last }}
    {%- endfor %}
    {%- if by_days %}
    select
        analysis_name,
        retention_kind,
        cohort_kind,
        clock,
        metric_name,
        cohort_start,
        cohort_end,
        periods_since,
        periods_until,
        {{ northstar.cohort_status(
            'ends_at', northstar.add_seconds('observed_until', 'waiting_seconds')
        ) }} as period_status,
        cohort_entities,
        mature_entities,
        retained_entities
    from ended
    {%- endif %}
),

left_edges as (
    select
        metric_name,
        max(period_start) as last_start
    from metric_values
    where period_number <= {{ left_edge }}
    group by 1
)

select
    analysed.metric_name,
    metrics.metric_version,
    metrics.grain,
    analysed.cohort_start as period_start,
    analysed.cohort_end as period_end,
    analysed.period_status,
    analysed.cohort_start,
    analysed.analysis_name,
    analysed.retention_kind,
    analysed.cohort_kind,
    analysed.clock,
    cast(analysed.periods_since as integer) as periods_since,
    cast(analysed.periods_until as integer) as periods_until,
    coalesce(analysed.cohort_start <= left_edges.last_start, false) as is_left_censored,
    cast(analysed.cohort_entities as bigint) as cohort_entities,
    cast(analysed.mature_entities as bigint) as mature_entities,
    cast(analysed.retained_entities as bigint) as retained_entities,
    {{ northstar.quotient('analysed.retained_entities', 'analysed.mature_entities') }}
        as retention_rate,
    {{ northstar.wilson_lower(
        'analysed.retained_entities', 'analysed.mature_entities'
    ) }} as rate_lower,
    {{ northstar.wilson_upper(
        'analysed.retained_entities', 'analysed.mature_entities'
    ) }} as rate_upper
from analysed
inner join metrics on analysed.metric_name = metrics.metric_name
left join left_edges on analysed.metric_name = left_edges.metric_name
