{#-
    Three kinds of guardrails give points: metrics that are meant as such, what comes
    with a driver metric or with revenue, and signals. Every point is held against the
    eight before it. Without any of them it has no rows: the semantic layer reads it in
    every project.
-#}

{%- set metrics = northstar.guardrail_metrics() -%}
{%- set churning = northstar.driver_metrics('calendar', 'rolling') -%}
{%- set voided = northstar.voided_metrics() -%}
{%- set guarded = northstar.guarded_pairs() -%}
{%- set has_signals = northstar.has_input('northstar_signals') -%}
{%- set has_revenue = northstar.has_valued_states() -%}

{{ config(enabled=northstar.uses_drivers() or northstar.metrics_stay()) }}

{% if not northstar.uses_drivers() %}{{ northstar.no_rows() }}{% else %}
{%- set north_star = northstar.metrics() | selectattr('is_north_star') | first -%}
{%- set strides = [] -%}
{%- for metric in (metrics + churning + [north_star]) | unique(attribute='name')
    if northstar.guardrail_stride(metric) -%}
    {%- do strides.append((metric.name, northstar.guardrail_stride(metric))) -%}
{%- endfor -%}
{%- set summed = [] -%}
{%- for metric, _ in voided if metric.measure == 'sum' -%}
    {%- do summed.append(metric) -%}
{%- endfor -%}
{%- set falling = [] -%}
{%- for metric in metrics if metric.governance.direction == 'down' -%}
    {%- do falling.append(metric) -%}
{%- endfor -%}
{%- set no_number = northstar.rounded('null') -%}
{#- the columns of a point that is no quotient, and has no bound of its own -#}
{%- set no_parts = no_number ~ ' as numerator, ' ~ no_number ~ ' as denominator, 0 as'
    ~ ' is_share' -%}
{%- set grace = (var('northstar_grace_hours') * 3600) | int -%}
{%- set points = [] %}

with

metric_periods as (
    select * from {{ ref('northstar__metric_periods') }}
    where {{ northstar.is_in_force() }}
),
{% if has_signals or voided %}
watermark as (
    select
        watermark_at,
        {{ northstar.followed_until() }} as followed_until
    from {{ ref('int_northstar__watermark') }}
    where watermark_at is not null
),
{% endif %}
{%- if metrics %}
{%- do points.append('metric_points') %}
metric_points as (
    select
        metric_name as guardrail_name,
        'metric' as guardrail_source,
        metric_name,
        metric_name as stepping_name,
        grain,
        period_start,
        period_end,
        period_status,
        case
            when metric_name in ({{ northstar.names_of(falling) }}) then 'down'
            else 'up'
        end as direction,
        {{ no_parts }},
        value,
        target
    from metric_periods
    where metric_name in ({{ northstar.names_of(metrics) }})
),
{% endif %}
{%- if churning %}
{%- do points.append('churn_points') %}
churn_points as (
    select
        metric_name || '__churn_rate' as guardrail_name,
        'driver' as guardrail_source,
        metric_name,
        metric_name as stepping_name,
        grain,
        period_start,
        period_end,
        period_status,
        'down' as direction,
        {{ northstar.rounded('churned_entities') }} as numerator,
        {{ northstar.rounded('previous_entities') }} as denominator,
        1 as is_share,
        {{ northstar.quotient('churned_entities', 'previous_entities') }} as value,
        {{ no_number }} as target
    from {{ ref('northstar__growth_accounting') }}
),
{% endif %}
{%- if voided %}
events as (
    select * from {{ ref('int_northstar__events') }}
    where disposition = 'accepted'
),
{% for metric, void in voided %}
{%- set name = metric.name %}
-- {{ name }}: step 8, and of each key and booking time the first void
{{ name }}__booked as (
    select
        {{ northstar.period_start(
            '(' ~ northstar.booked_date(metric) ~ ')', metric.window.grain
        ) }} as period_start,
        {{ northstar.booked_at(metric) }} as booked_at,
        {{ northstar.canonical_column(void.key) }} as void_key,
        {{ northstar.rounded(northstar.amount(metric)) }} as amount
    from events
    where
        {{ northstar.event_predicate(metric) }}
        and {{ northstar.entity_id(metric) }} is not null
        and {{ northstar.booked_at(metric) }} is not null
),

{{ name }}__keys as (
    select distinct
        void_key,
        booked_at
    from {{ name }}__booked
    where void_key is not null
),

{{ name }}__matched as (
    select
        voidable.void_key,
        voidable.booked_at,
        voids.local_date as voided_date,
        {{ 'voids.' ~ void.value if void.value else 'null' }} as void_value,
        row_number() over (
            partition by voidable.void_key, voidable.booked_at
            order by
                voids.occurred_at,
                {{ northstar.byte_order('voids.event_id') }},
                {{ northstar.byte_order('voids.source_name') }}
        ) as void_rank
    from {{ name }}__keys as voidable
    inner join events as voids
        on
            voids.event_name = {{ northstar.string_literal(void.event) }}
            and voidable.void_key = voids.{{ northstar.canonical_column(void.key) }}
            and voidable.booked_at <= voids.occurred_at
            {%- if void.wait %}
            and voids.occurred_at
            < {{ northstar.add_seconds('voidable.booked_at', void.wait) }}
            {%- endif %}
),

{{ name }}__judged as (
    select
        booked.period_start,
        {{ northstar.period_start('hits.voided_date', metric.window.grain) }}
            as voided_start,
        booked.amount,
        {{ 'hits.void_value' if void.value
            else 'case when hits.void_key is not null then booked.amount end' }}
            as voided_amount,
        {{ northstar.add_seconds('booked.booked_at', void.wait) }}
        <= watermark.followed_until as is_mature,
        hits.void_key is not null as is_voided
    from {{ name }}__booked as booked
    cross join watermark
    left join {{ name }}__matched as hits
        on
            booked.void_key = hits.void_key
            and booked.booked_at = hits.booked_at
            and hits.void_rank = 1
),
{% endfor %}
booked as (
    {%- for metric, _ in voided %}
    select
        '{{ metric.name }}' as metric_name,
        booked.*,
        booked.amount is not null
        and (not booked.is_voided or booked.voided_amount is not null)
            as is_known
    from {{ metric.name }}__judged as booked
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- by the date of the event, of those whose voids have all come; and by that of the void
taken_back as (
    select
        metric_name,
        period_start,
        count(*) as events,
        sum(case when is_mature then 1 else 0 end) as mature_events,
        sum(case when is_mature and is_voided then 1 else 0 end) as voided_events,
        sum(case when is_known then amount else 0 end) as amount,
        sum(case when is_known and is_mature then amount else 0 end) as mature_amount,
        sum(
            case when is_known and is_mature and is_voided then voided_amount else 0 end
        )
            as voided_amount
    from booked
    group by metric_name, period_start
),

taken_back_then as (
    select
        metric_name,
        voided_start as period_start,
        count(*) as events,
        sum(case when is_known then voided_amount else 0 end) as amount
    from booked
    where is_voided
    group by metric_name, voided_start
),

waits as (
    {%- for metric, void in voided %}
    select
        '{{ metric.name }}' as metric_name,
        {{ grace + void.wait }} as waiting_seconds
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

voided_shares as (
    select
        metric_periods.metric_name,
        metric_periods.grain,
        metric_periods.period_start,
        metric_periods.period_end,
        metric_periods.period_status,
        case
            when metric_periods.period_status = 'open' then 'open'
            when
                watermark.watermark_at >= {{ northstar.add_seconds(
                    northstar.local_midnight('metric_periods.period_end'),
                    'waits.waiting_seconds'
                ) }}
                then 'final'
            else 'provisional'
        end as followed_status,
        taken_back.voided_events as voided_rate_part,
        taken_back.mature_events as voided_rate_whole,
        coalesce(taken_back_then.events, 0) as voided_rate_by_void_date_part,
        taken_back.events as voided_rate_by_void_date_whole,
        taken_back.voided_amount as voided_value_rate_part,
        taken_back.mature_amount as voided_value_rate_whole,
        coalesce(taken_back_then.amount, 0) as voided_value_rate_by_void_date_part,
        taken_back.amount as voided_value_rate_by_void_date_whole
    from metric_periods
    inner join waits on metric_periods.metric_name = waits.metric_name
    cross join watermark
    left join taken_back
        on
            metric_periods.metric_name = taken_back.metric_name
            and metric_periods.period_start = taken_back.period_start
    left join taken_back_then
        on
            metric_periods.metric_name = taken_back_then.metric_name
            and metric_periods.period_start = taken_back_then.period_start
),
{%- do points.append('voided_points') %}

voided_points as (
    {%- for rate in (
        'voided_rate', 'voided_rate_by_void_date', 'voided_value_rate',
        'voided_value_rate_by_void_date',
    ) if summed or 'value' not in rate %}
    {{ 'union all' if not loop.first }}
    select
        metric_name || '__{{ rate }}' as guardrail_name,
        'driver' as guardrail_source,
        metric_name,
        metric_name as stepping_name,
        grain,
        period_start,
        period_end,
        {{ 'period_status' if 'void_date' in rate
            else 'followed_status as period_status' }},
        'down' as direction,
        {{ northstar.rounded(rate ~ '_part') }} as numerator,
        {{ northstar.rounded(rate ~ '_whole') }} as denominator,
        {{ 1 if rate == 'voided_rate' else 0 }} as is_share,
        case
            when period_status <> 'open'
                then {{ northstar.quotient(rate ~ '_part', rate ~ '_whole') }}
        end as value,
        {{ no_number }} as target
    from voided_shares
    {%- if 'value' in rate %}
    where metric_name in ({{ northstar.names_of(summed) }})
    {%- endif %}
    {%- endfor %}
),
{% endif %}
{%- if guarded %}
entity_measures as (
    select * from {{ ref('int_northstar__entity_measures') }}
    where not is_same_point
),

metrics as (
    select * from {{ ref('int_northstar__metrics') }}
),

guards as (
    {%- for metric, guard in guarded %}
    select
        '{{ metric.name }}' as metric_name,
        '{{ guard.name }}' as guarding_name
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- what a guardrail counts of the entities that qualify
guarded_measures as (
    select
        guards.metric_name,
        guards.guarding_name,
        active.period_start,
        sum(
            case
                when metrics.total = 'measure' then measured.contribution
                when measured.is_qualified then 1
                else 0
            end
        ) as contribution
    from guards
    inner join entity_measures as active
        on guards.metric_name = active.metric_name and active.is_qualified
    inner join entity_measures as measured
        on
            guards.guarding_name = measured.metric_name
            and active.entity_id = measured.entity_id
            and active.period_start = measured.period_start
    inner join metrics on guards.guarding_name = metrics.metric_name
    group by guards.metric_name, guards.guarding_name, active.period_start
),

guarded_periods as (
    select
        guards.metric_name,
        guards.guarding_name,
        active.grain,
        active.period_start,
        active.period_end,
        case
            when 'open' in (active.period_status, guarding.period_status) then 'open'
            when 'provisional' in (active.period_status, guarding.period_status)
                then 'provisional'
            else 'final'
        end as period_status,
        {{ northstar.in_unit(
            'coalesce(guarded_measures.contribution, 0)',
            "case when metrics.total = 'measure' then metrics.unit_scale else 1 end"
        ) }} as numerator,
        active.qualified_entities as denominator
    from guards
    inner join metric_periods as active on guards.metric_name = active.metric_name
    inner join metric_periods as guarding
        on
            guards.guarding_name = guarding.metric_name
            and active.period_start = guarding.period_start
    inner join metrics on guards.guarding_name = metrics.metric_name
    left join guarded_measures
        on
            guards.metric_name = guarded_measures.metric_name
            and guards.guarding_name = guarded_measures.guarding_name
            and active.period_start = guarded_measures.period_start
),
{%- do points.append('guarded_points') %}

guarded_points as (
    select
        metric_name || '__' || guarding_name || '_per_active_entity' as guardrail_name,
        'driver' as guardrail_source,
        metric_name,
        metric_name as stepping_name,
        grain,
        period_start,
        period_end,
        period_status,
        case
            when guarding_name in ({{ northstar.names_of(falling) }}) then 'down'
            else 'up'
        end as direction,
        numerator,
        {{ northstar.rounded('denominator') }} as denominator,
        0 as is_share,
        case
            when period_status <> 'open'
                then {{ northstar.quotient('numerator', 'denominator') }}
        end as value,
        {{ no_number }} as target
    from guarded_periods
),
{% endif %}
{%- if has_revenue %}
{%- do points.append('revenue_points') %}
revenue_periods as (
    select * from {{ ref('northstar__revenue_periods') }}
),

revenue_points as (
    {%- for rate, direction, part, whole in [
        ('gross_revenue_retention', 'up', none, none),
        ('logo_churn_rate', 'down', 'churned_entities', 'starting_entities'),
        ('renewal_rate', 'up', 'renewed_entities', 'due_entities'),
        ('trial_to_paid_rate', 'up', 'paid_trials', 'ended_trials'),
    ] %}
    select
        entity_type || '.' || state_name || '__{{ rate }}' as guardrail_name,
        'driver' as guardrail_source,
        cast(null as {{ northstar.text_type() }}) as metric_name,
        entity_type || '.' || state_name as stepping_name,
        grain,
        period_start,
        period_end,
        period_status,
        '{{ direction }}' as direction,
        {%- if part %}
        {{ northstar.rounded(part) }} as numerator,
        {{ northstar.rounded(whole) }} as denominator,
        1 as is_share,
        {%- else %}
        {{ no_parts }},
        {%- endif %}
        {{ rate }} as value,
        {{ no_number }} as target
    from revenue_periods
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),
{% endif %}
{%- if has_signals %}
{%- do points.append('signal_points') %}
signals as (
    select
        *,
        {{ northstar.local_date('signal_at') }} as signal_date,
        max(case when segment is null then 1 else 0 end) over (partition by signal)
            as has_total,
        case
            when
                min(lower(nullif(direction, ''))) over (partition by signal)
                = max(lower(nullif(direction, ''))) over (partition by signal)
                then max(lower(direction)) over (partition by signal)
        end as signal_direction
    from {{ ref('stg_northstar__signals') }}
    where signal is not null and signal_at is not null
),

-- in the North Star's periods; a signal without a row for all has those of its segments
signal_periods as (
    select
        signals.signal,
        metric_periods.grain,
        metric_periods.period_start,
        metric_periods.period_end,
        max(
            case
                when signals.signal_direction in ('up', 'down')
                    then signals.signal_direction
            end
        ) as direction,
        case
            when max(case when signals.denominator is not null then 1 else 0 end) = 1
                then {{ northstar.quotient(
                    'sum(case when signals.denominator is not null'
                    ~ ' then signals.numerator end)',
                    'sum(case when signals.numerator is not null'
                    ~ ' then signals.denominator end)'
                ) }}
            else {{ northstar.quotient(
                'sum(signals.value)', 'count(signals.value)'
            ) }}
        end as value
    from signals
    inner join metric_periods
        on
            metric_periods.metric_name = '{{ north_star.name }}'
            and signals.signal_date >= metric_periods.period_start
            and signals.signal_date < metric_periods.period_end
    where signals.segment is null or signals.has_total = 0
    group by
        signals.signal,
        metric_periods.grain,
        metric_periods.period_start,
        metric_periods.period_end
),

signal_points as (
    select
        signal_periods.signal as guardrail_name,
        'signal' as guardrail_source,
        cast(null as {{ northstar.text_type() }}) as metric_name,
        '{{ north_star.name }}' as stepping_name,
        signal_periods.grain,
        signal_periods.period_start,
        signal_periods.period_end,
        {{ northstar.cohort_status(
            northstar.local_midnight('signal_periods.period_end'),
            northstar.add_seconds(
                northstar.local_midnight('signal_periods.period_end'), grace
            )
        ) }} as period_status,
        signal_periods.direction,
        {{ no_parts }},
        signal_periods.value,
        {{ no_number }} as target
    from signal_periods
    cross join watermark
),
{% endif %}
points as (
    {%- for kind in points %}
    select * from {{ kind }}
    {{ 'union all' if not loop.last }}
    {%- else %}
    select
        metric_name as guardrail_name,
        'metric' as guardrail_source,
        metric_name,
        metric_name as stepping_name,
        grain,
        period_start,
        period_end,
        period_status,
        'up' as direction,
        {{ no_parts }},
        value,
        target
    from metric_periods
    where 1 = 0
    {%- endfor %}
),

-- rolling windows are held against those that do not overlap
stepped as (
    select
        *,
        {%- if strides %}
        case stepping_name
            {%- for name, stride in strides %}
            when '{{ name }}'
                then {{ northstar.modulo(northstar.days_between(
                    northstar.first_week_start(), 'period_start'
                ), stride) }}
            {%- endfor %}
            else 0
        end as step_phase,
        {%- else %}
        0 as step_phase,
        {%- endif %}
        period_status = 'final' and value is not null as is_known
    from points
),

numbered as (
    select
        *,
        sum(case when is_known then 1 else 0 end) over (
            partition by guardrail_source, guardrail_name, step_phase
            order by period_start
        ) - case when is_known then 1 else 0 end as known_before
    from stepped
),

-- the eight latest known values before each point
history as (
    select
        numbered.guardrail_source,
        numbered.guardrail_name,
        numbered.period_start,
        known.value,
        row_number() over (
            partition by
                numbered.guardrail_source,
                numbered.guardrail_name,
                numbered.period_start
            order by known.value
        ) as value_rank
    from numbered
    inner join numbered as known
        on
            numbered.guardrail_source = known.guardrail_source
            and numbered.guardrail_name = known.guardrail_name
            and numbered.step_phase = known.step_phase
            and numbered.known_before > known.known_before
            and numbered.known_before <= known.known_before + 8
    where known.is_known and numbered.known_before >= 8
),

baselines as (
    select
        guardrail_source,
        guardrail_name,
        period_start,
        {{ northstar.quotient(
            'sum(case when value_rank in (4, 5) then value end)', 'cast(2 as bigint)'
        ) }} as baseline
    from history
    group by guardrail_source, guardrail_name, period_start
),

strays as (
    select
        history.guardrail_source,
        history.guardrail_name,
        history.period_start,
        baselines.baseline,
        abs(history.value - baselines.baseline) as stray,
        row_number() over (
            partition by
                history.guardrail_source, history.guardrail_name, history.period_start
            order by abs(history.value - baselines.baseline)
        ) as stray_rank
    from history
    inner join baselines
        on
            history.guardrail_source = baselines.guardrail_source
            and history.guardrail_name = baselines.guardrail_name
            and history.period_start = baselines.period_start
),

-- 5.9 standard deviations of 1.4826 median deviations: with eight values about one
-- false alarm in a hundred
widths as (
    select
        guardrail_source,
        guardrail_name,
        period_start,
        baseline,
        {{ northstar.greatest_of([
            northstar.rounded(
                '8.74734 * (' ~ northstar.quotient(
                    'sum(case when stray_rank in (4, 5) then stray end)',
                    'cast(2 as bigint)'
                ) ~ ')'
            ),
            northstar.rounded('0.05 * abs(baseline)'),
        ]) }} as width
    from strays
    group by guardrail_source, guardrail_name, period_start, baseline
),

bounded as (
    select
        stepped.*,
        widths.baseline,
        coalesce(
            stepped.target,
            case
                when
                    stepped.direction = 'down'
                    or stepped.direction is null
                    and (stepped.value is null or stepped.value >= widths.baseline)
                    then widths.baseline + widths.width
                else widths.baseline - widths.width
            end
        ) as bound
    from stepped
    left join widths
        on
            stepped.guardrail_source = widths.guardrail_source
            and stepped.guardrail_name = widths.guardrail_name
            and stepped.period_start = widths.period_start
)

select
    guardrail_name,
    guardrail_source,
    metric_name,
    grain,
    period_start,
    period_end,
    period_status,
    direction,
    value,
    case when value is not null then numerator end as numerator,
    case when value is not null then denominator end as denominator,
    case
        when is_share = 1 and value is not null
            then {{ northstar.wilson_lower('numerator', 'denominator') }}
    end as value_lower,
    case
        when is_share = 1 and value is not null
            then {{ northstar.wilson_upper('numerator', 'denominator') }}
    end as value_upper,
    baseline,
    {{ northstar.rounded('bound') }} as bound,
    case
        when not is_known or bound is null then 'unknown'
        when direction = 'down' or direction is null and value >= baseline
            then case when value > bound then 'breached' else 'ok' end
        when value < bound then 'breached'
        else 'ok'
    end as state
from bounded
{% endif %}
