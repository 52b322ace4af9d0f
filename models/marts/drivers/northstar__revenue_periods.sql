{#-
    An entity has a row for each month at whose end it holds something, and one more for
    the month after: there what it had is gone.

    A trial is an unbroken time in the state `trial`, of any value or none.
-#}

{{ config(enabled=northstar.has_valued_states() or northstar.metrics_stay()) }}

{% if not northstar.has_valued_states() %}{{ northstar.no_rows() }}{% else %}
{%- set grace = (var('northstar_grace_hours') * 3600) | int -%}
{#- how long after its trial whoever stays may take to pay -#}
{%- set days_to_pay = 7 %}

with

states as (
    select * from {{ ref('int_northstar__states') }}
    where value is not null
),

watermark as (
    select * from {{ ref('int_northstar__watermark') }}
    where watermark_at is not null
),

activity as (
    select
        {{ northstar.period_start('local_date', 'month') }} as period_start,
        {%- if northstar.has_people() %}
        case when is_known_person then person_id end as person_id
        {%- else %}
        cast(null as {{ northstar.text_type() }}) as person_id
        {%- endif %}
    from {{ ref('int_northstar__accepted_activity') }}
),

intervals as (
    select
        *,
        {{ northstar.local_date('valid_from') }} as first_date,
        {{ northstar.local_date('valid_to') }} as last_date
    from states
),

-- months from that of the first interval to the watermark's
starts as (
    select
        entity_type,
        state,
        {{ northstar.period_start('(min(first_date))', 'month') }} as first_start
    from intervals
    group by entity_type, state
),

bounds as (
    select
        min(starts.first_start) as first_date,
        max(watermark.watermark_date) as last_date
    from starts
    cross join watermark
),

dates as (
    select {{ northstar.date_of_series('first_date', 'last_date') }} as local_date
    from bounds {{ northstar.join_series('first_date', 'last_date') }}
    where first_date is not null
),

months as (
    select distinct {{ northstar.period_start('local_date', 'month') }} as period_start
    from dates
),

spine as (
    select
        starts.entity_type,
        starts.state,
        months.period_start,
        {{ northstar.period_end('months.period_start', 'month') }} as period_end,
        {{ northstar.period_start(
            '(' ~ northstar.add_days('months.period_start', -1) ~ ')', 'month'
        ) }} as previous_start,
        row_number() over (
            partition by starts.entity_type, starts.state order by months.period_start
        ) as month_number
    from starts
    inner join months on starts.first_start <= months.period_start
),

timed as (
    select
        *,
        {{ northstar.local_midnight('period_end') }} as ends_at
    from spine
),

-- what each entity holds at the end of each month
holdings as (
    select
        timed.entity_type,
        timed.state,
        timed.month_number,
        intervals.entity_id,
        {{ northstar.additive('sum(intervals.value)') }} as value
    from timed
    inner join intervals
        on
            timed.entity_type = intervals.entity_type
            and timed.state = intervals.state
            and timed.ends_at > intervals.valid_from
            and (intervals.valid_to is null or timed.ends_at <= intervals.valid_to)
    group by
        timed.entity_type, timed.state, timed.month_number, intervals.entity_id
),

followed as (
    select
        *,
        lag(value) over (
            partition by entity_type, state, entity_id order by month_number
        ) as earlier_value,
        lag(month_number) over (
            partition by entity_type, state, entity_id order by month_number
        ) as earlier_month,
        lead(month_number) over (
            partition by entity_type, state, entity_id order by month_number
        ) as later_month,
        min(case when value > 0 then month_number end) over (
            partition by entity_type, state, entity_id
        ) as first_paid_month
    from holdings
),

moves as (
    select
        entity_type,
        state,
        month_number,
        first_paid_month,
        value as value_now,
        case when earlier_month = month_number - 1 then earlier_value else 0 end
            as value_before
    from followed

    union all

    select
        entity_type,
        state,
        month_number + 1 as month_number,
        first_paid_month,
        0 as value_now,
        value as value_before
    from followed
    where later_month is null or later_month > month_number + 1
),

named as (
    select
        *,
        case
            when value_now > 0 and value_before <= 0 and first_paid_month < month_number
                then 'reactivation'
            when value_now > 0 and value_before <= 0 then 'new'
            when value_now <= 0 and value_before > 0 then 'churned'
            when value_now > value_before then 'expansion'
            else 'contraction'
        end as movement
    from moves
),

moved as (
    select
        entity_type,
        state,
        month_number,
        sum(value_before) as starting_mrr,
        sum(value_now) as ending_mrr,
        {%- for movement in ('new', 'reactivation', 'expansion') %}
        sum(
            case
                when movement = '{{ movement }}' then value_now - value_before
                else 0
            end
        ) as {{ movement }}_mrr,
        {%- endfor %}
        {%- for movement in ('contraction', 'churned') %}
        sum(
            case
                when movement = '{{ movement }}' then value_before - value_now
                else 0
            end
        ) as {{ movement }}_mrr,
        {%- endfor %}
        sum(case when value_before > 0 then 1 else 0 end) as starting_entities,
        sum(case when value_now > 0 then 1 else 0 end) as ending_entities,
        sum(case when movement = 'new' then 1 else 0 end) as new_entities,
        sum(case when movement = 'reactivation' then 1 else 0 end)
            as reactivated_entities,
        sum(case when movement = 'churned' then 1 else 0 end) as churned_entities
    from named
    group by entity_type, state, month_number
),

-- of those who paid twelve months before
kept as (
    select
        base.entity_type,
        base.state,
        base.month_number + 12 as month_number,
        sum(base.value) as value_then,
        sum(coalesce(holdings.value, 0)) as value_now,
        sum(
            case
                when coalesce(holdings.value, 0) < base.value
                    then coalesce(holdings.value, 0)
                else base.value
            end
        ) as value_kept
    from holdings as base
    left join holdings
        on
            base.entity_type = holdings.entity_type
            and base.state = holdings.state
            and base.entity_id = holdings.entity_id
            and base.month_number + 12 = holdings.month_number
    where base.value > 0
    group by base.entity_type, base.state, base.month_number + 12
),

due as (
    select distinct
        entity_type,
        state,
        entity_id,
        {{ northstar.period_start('last_date', 'month') }} as period_start
    from intervals
    where value > 0 and last_date is not null
),

renewals as (
    select
        due.entity_type,
        due.state,
        due.period_start,
        count(*) as due_entities,
        sum(case when holdings.value > 0 then 1 else 0 end) as renewed_entities
    from due
    inner join spine
        on
            due.entity_type = spine.entity_type
            and due.state = spine.state
            and due.period_start = spine.period_start
    left join holdings
        on
            due.entity_type = holdings.entity_type
            and due.state = holdings.state
            and due.entity_id = holdings.entity_id
            and spine.month_number = holdings.month_number
    group by due.entity_type, due.state, due.period_start
),

trials as (
    select
        entity_type,
        entity_id,
        valid_from as began_at,
        valid_to as ended_at,
        {{ northstar.local_date('valid_to') }} as ended_date
    from {{ ref('int_northstar__merged_states') }}
    where state = 'trial' and valid_to is not null
),

-- who was paying when it began has nothing to convert
tried as (
    select
        starts.entity_type,
        starts.state,
        trials.entity_id,
        trials.ended_at,
        {{ northstar.period_start('trials.ended_date', 'month') }} as period_start,
        max(case when intervals.valid_from < trials.began_at then 1 else 0 end)
            as was_paying,
        max(case when intervals.valid_from >= trials.began_at then 1 else 0 end)
            as is_paid
    from starts
    inner join trials on starts.entity_type = trials.entity_type
    left join intervals
        on
            starts.entity_type = intervals.entity_type
            and starts.state = intervals.state
            and trials.entity_id = intervals.entity_id
            and intervals.value > 0
            and {{ northstar.add_seconds('trials.ended_at', days_to_pay * 86400) }}
            > intervals.valid_from
            and (intervals.valid_to is null or trials.began_at < intervals.valid_to)
    where starts.state <> 'trial'
    group by
        starts.entity_type,
        starts.state,
        trials.entity_id,
        trials.ended_at,
        {{ northstar.period_start('trials.ended_date', 'month') }}
),

conversions as (
    select
        entity_type,
        state,
        period_start,
        count(*) as ended_trials,
        sum(is_paid) as paid_trials
    from tried
    where was_paying = 0
    group by entity_type, state, period_start
),

users as (
    select
        period_start,
        count(distinct person_id) as active_users
    from activity
    group by period_start
),

first_month as (
    select min(period_start) as first_start
    from users
),

gathered as (
    select
        timed.entity_type,
        timed.state,
        timed.period_start,
        timed.period_end,
        watermark.watermark_at < timed.ends_at as is_open,
        watermark.watermark_at
        >= {{ northstar.add_seconds('timed.ends_at', grace) }} as is_final,
        watermark.watermark_at >= {{ northstar.add_seconds(
            'timed.ends_at', grace + days_to_pay * 86400
        ) }} as are_trials_mature,
        moved.starting_mrr,
        moved.new_mrr,
        moved.reactivation_mrr,
        moved.expansion_mrr,
        moved.contraction_mrr,
        moved.churned_mrr,
        moved.ending_mrr,
        moved.starting_entities,
        moved.new_entities,
        moved.reactivated_entities,
        moved.churned_entities,
        moved.ending_entities,
        kept.value_then,
        kept.value_now,
        kept.value_kept,
        coalesce(renewals.due_entities, 0) as due_entities,
        coalesce(renewals.renewed_entities, 0) as renewed_entities,
        coalesce(conversions.ended_trials, 0) as ended_trials,
        coalesce(conversions.paid_trials, 0) as paid_trials,
        coalesce(users.active_users, 0) as active_users,
        case
            when timed.previous_start >= first_month.first_start
                then coalesce(users.active_users, 0)
                + coalesce(users_before.active_users, 0)
        end as users_of_both
    from timed
    cross join watermark
    cross join first_month
    left join moved
        on
            timed.entity_type = moved.entity_type
            and timed.state = moved.state
            and timed.month_number = moved.month_number
    left join kept
        on
            timed.entity_type = kept.entity_type
            and timed.state = kept.state
            and timed.month_number = kept.month_number
    left join renewals
        on
            timed.entity_type = renewals.entity_type
            and timed.state = renewals.state
            and timed.period_start = renewals.period_start
    left join conversions
        on
            timed.entity_type = conversions.entity_type
            and timed.state = conversions.state
            and timed.period_start = conversions.period_start
    left join users on timed.period_start = users.period_start
    left join users as users_before
        on timed.previous_start = users_before.period_start
)

select
    entity_type,
    state as state_name,
    'month' as grain,
    period_start,
    period_end,
    case when is_open then 'open' when is_final then 'final' else 'provisional' end
        as period_status,
    {%- for movement in (
        'starting', 'new', 'reactivation', 'expansion', 'contraction', 'churned',
        'ending',
    ) %}
    {{ northstar.rounded('coalesce(' ~ movement ~ '_mrr, 0)') }} as {{ movement }}_mrr,
    {%- endfor %}
    {%- for movement in ('starting', 'new', 'reactivated', 'churned', 'ending') %}
    cast(coalesce({{ movement }}_entities, 0) as bigint) as {{ movement }}_entities,
    {%- endfor %}
    {%- for published, amount in (
        ('base_mrr', 'value_then'),
        ('base_mrr_kept', 'value_kept'),
        ('base_mrr_now', 'value_now'),
    ) %}
    {{ northstar.rounded('case when not is_open then ' ~ amount ~ ' end') }}
        as {{ published }},
    {%- endfor %}
    case
        when not is_open then {{ northstar.quotient('value_kept', 'value_then') }}
    end as gross_revenue_retention,
    case
        when not is_open then {{ northstar.quotient('value_now', 'value_then') }}
    end as net_revenue_retention,
    {%- for rate, part, whole in [
        ('logo_churn_rate', 'churned_entities', 'starting_entities'),
        ('renewal_rate', 'renewed_entities', 'due_entities'),
        ('trial_to_paid_rate', 'paid_trials', 'ended_trials'),
    ] %}
    {%- set is_known = 'are_trials_mature' if 'trial' in rate else 'not is_open' %}
    {%- if whole != 'starting_entities' %}
    cast({{ whole }} as bigint) as {{ whole }},
    cast({{ part }} as bigint) as {{ part }},
    {%- endif %}
    case when {{ is_known }} then {{ northstar.quotient(part, whole) }} end
        as {{ rate }},
    case when {{ is_known }} then {{ northstar.wilson_lower(part, whole) }} end
        as {{ rate }}_lower,
    case when {{ is_known }} then {{ northstar.wilson_upper(part, whole) }} end
        as {{ rate }}_upper,
    {%- endfor %}
    cast(active_users as bigint) as active_users,
    {{ northstar.rounded('case when not is_open then users_of_both * 0.5 end') }}
        as mean_active_users,
    case
        when not is_open
            then {{ northstar.multiple_quotient(
                'coalesce(ending_mrr, 0)', '2', 'users_of_both'
            ) }}
    end as arpu,
    case
        when not is_open then {{ northstar.quotient('ending_mrr', 'ending_entities') }}
    end as arpa
from gathered
{% endif %}
