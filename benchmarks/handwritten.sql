-- What a good analytics engineer would write in place of the package, for this company
-- alone: the same rules, the same figures, one script for DuckDB. It knows what the
-- data cannot hold (every event has an id and a time, no device is a user) and the
-- package does not. benchmarks/run.py compares its figures with the marts.
--
-- Not written, since they cost nothing: the definitions, the calendar, and the columns
-- of the periods that follow from others (change_rate, elapsed_share and such).

create schema handwritten;

-- Every delivery, narrow, and what became of it. Copies: the first that was loaded
-- stays, but not if its clock is ahead.
create table handwritten.deliveries as
with

typed as (
    select
        event_id,
        event as event_name,
        occurred_at,
        loaded_at,
        user_id,
        anonymous_id,
        account_id,
        amount as value,
        order_id,
        device,
        country,
        plan,
        is_internal,
        (
            user_agent like '%bot/%'
            or user_agent like '%crawler/%'
            or user_agent like '%spider/%'
        ) as is_bot,
        occurred_at > loaded_at + interval 5 minutes as is_future,
        cast(
            (occurred_at at time zone 'UTC') at time zone 'Europe/Berlin' as date
        ) as local_date,
        hash(
            event, occurred_at, user_id, anonymous_id, account_id, amount, currency,
            device, country, plan, is_internal, user_agent, order_id
        ) as payload
    from raw.events
),

numbered as (
    select
        *,
        row_number() over copies as copy_number,
        first_value(payload) over copies as kept_payload
    from typed
    window copies as (
        partition by event_id, is_future order by loaded_at, occurred_at, payload
    )
)

select
    event_id,
    event_name,
    occurred_at,
    loaded_at,
    user_id,
    anonymous_id,
    account_id,
    value,
    order_id,
    device,
    country,
    plan,
    local_date,
    case
        when is_future then 'future'
        when local_date < date '2024-01-01' then 'out_of_range'
        when copy_number > 1 and payload <> kept_payload then 'conflict'
        when copy_number > 1 then 'duplicate'
        when is_internal then 'internal'
        when is_bot then 'bot'
        else 'accepted'
    end as disposition
from numbered;

create table handwritten.event_ledger as
select
    local_date as event_date,
    disposition,
    count(*) as row_count
from handwritten.deliveries
group by local_date, disposition;

create table handwritten.watermark as
select max(loaded_at) as watermark_at
from handwritten.deliveries
where disposition not in ('future', 'out_of_range');

-- A device belongs to the user who was first seen on it.
create table handwritten.device_owners as
select
    anonymous_id,
    user_id
from handwritten.deliveries
where
    disposition not in ('future', 'out_of_range', 'conflict', 'duplicate')
    and anonymous_id is not null
    and user_id is not null
group by anonymous_id, user_id
qualify
    row_number() over (
        partition by anonymous_id order by min(occurred_at), user_id
    ) = 1;

create view handwritten.events as
select
    deliveries.* exclude (disposition),
    coalesce(
        deliveries.user_id, device_owners.user_id, deliveries.anonymous_id
    ) as person_id
from handwritten.deliveries
left join handwritten.device_owners
    on deliveries.anonymous_id = device_owners.anonymous_id
where deliveries.disposition = 'accepted';

create table handwritten.entities as
with

users as (
    select
        'user' as entity_type,
        person_id as entity_id,
        min(occurred_at) as first_seen_at,
        min(occurred_at) filter (where event_name = 'signed_up') as anchored_at,
        arg_min(device, row(occurred_at, event_id)) as device,
        arg_min(country, row(occurred_at, event_id)) as country,
        arg_min(plan, row(occurred_at, event_id)) as plan
    from handwritten.events
    group by person_id
),

teams as (
    select
        'team' as entity_type,
        account_id as entity_id,
        min(occurred_at) as first_seen_at,
        min(occurred_at) filter (where event_name = 'team_created') as anchored_at,
        arg_min(device, row(occurred_at, event_id)) as device,
        arg_min(country, row(occurred_at, event_id)) as country,
        arg_min(plan, row(occurred_at, event_id)) as plan
    from handwritten.events
    where account_id is not null
    group by account_id
),

seen as (
    select * from users
    union all
    select * from teams
)

select
    entity_type,
    entity_id,
    first_seen_at,
    coalesce(anchored_at, first_seen_at) as anchor_at,
    case when anchored_at is null then 'first_seen' else 'anchor' end as anchor_source,
    coalesce(device, '(unknown)') as device,
    coalesce(country, '(unknown)') as country,
    coalesce(plan, '(unknown)') as plan
from seen;

create table handwritten.metric_events as
select
    event_id,
    event_name,
    occurred_at,
    person_id,
    account_id,
    value,
    order_id,
    device,
    country,
    plan,
    local_date,
    cast(date_trunc('week', local_date) as date) as local_week,
    cast(date_trunc('month', local_date) as date) as local_month
from handwritten.events
where
    event_name in (
        'workflow_completed', 'workflow_created', 'report_viewed', 'template_used',
        'invite_sent', 'order_paid', 'order_refunded'
    );

create table handwritten.metrics as
from (
    values
        ('weekly_teams_3_workflows', 'week', 'entities', 3, interval 48 hours),
        ('weekly_active_users', 'week', 'entities', 1, interval 48 hours),
        ('second_order_customers', 'week', 'entities', 1, interval 768 hours),
        ('monthly_revenue', 'month', 'measure', null, interval 48 hours),
        ('new_users_with_a_workflow', 'week', 'entities', 1, interval 216 hours),
        ('order_revenue', 'month', 'measure', null, interval 48 hours),
        ('orders', 'month', 'measure', 1, interval 48 hours)
) as metrics (metric_name, grain, total, at_least, waiting);

-- Every week and month; of the open one also when as much of the one before had passed.
create table handwritten.periods as
with

dates as (
    select cast(unnest(
        generate_series(
            (select min(local_date) from handwritten.metric_events) - 31,
            (select max(local_date) from handwritten.deliveries
                where disposition = 'accepted'),
            interval 1 day
        )
    ) as date) as local_date
),

starts as (
    select distinct
        'week' as grain,
        cast(date_trunc('week', local_date) as date) as period_start,
        cast(date_trunc('week', local_date) as date) + 7 as period_end
    from dates
    union all
    select distinct
        'month' as grain,
        cast(date_trunc('month', local_date) as date) as period_start,
        cast(date_trunc('month', local_date) + interval 1 month as date) as period_end
    from dates
),

timed as (
    select
        *,
        lag(period_start) over same_grain as previous_start,
        (cast(period_start as timestamp) at time zone 'Europe/Berlin')
            at time zone 'UTC' as starts_at,
        (cast(period_end as timestamp) at time zone 'Europe/Berlin')
            at time zone 'UTC' as ends_at,
        lag(starts_at) over same_grain as previous_starts_at
    from starts
    window same_grain as (partition by grain order by period_start)
)

select
    timed.*,
    watermark.watermark_at,
    watermark.watermark_at < timed.ends_at as is_open,
    case when watermark.watermark_at < timed.ends_at then
        timed.previous_starts_at + to_seconds(cast(floor(
            greatest(0, epoch(watermark.watermark_at) - epoch(timed.starts_at))
            * (epoch(timed.starts_at) - epoch(timed.previous_starts_at))
            / (epoch(timed.ends_at) - epoch(timed.starts_at))
        ) as bigint))
    end as same_point_at
from timed cross join handwritten.watermark;

create table handwritten.bookings as
with

orders as (
    select * from handwritten.metric_events
    where event_name = 'order_paid'
),

refunds as (
    select * from handwritten.metric_events
    where event_name = 'order_refunded'
),

kept_orders as (
    select
        *,
        row_number() over (partition by person_id order by occurred_at, event_id)
            as order_number
    from orders
    where not exists (
        select 1
        from refunds
        where
            refunds.order_id = orders.order_id
            and refunds.occurred_at >= orders.occurred_at
            and refunds.occurred_at < orders.occurred_at + interval 720 hours
    )
),

first_refunds as (
    select
        orders.person_id,
        refunds.*
    from orders
    inner join refunds
        on
            orders.order_id = refunds.order_id
            and orders.occurred_at <= refunds.occurred_at
    qualify
        row_number() over (
            partition by orders.event_id
            order by refunds.occurred_at, refunds.event_id
        ) = 1
)

select
    'weekly_teams_3_workflows' as metric_name,
    account_id as entity_id,
    local_week as period_start,
    occurred_at as booked_at,
    event_id,
    cast(1 as decimal(18, 2)) as amount,
    false as is_void,
    device,
    country,
    plan
from handwritten.metric_events
where event_name = 'workflow_completed' and account_id is not null

union all

select
    'weekly_active_users' as metric_name,
    person_id as entity_id,
    local_week as period_start,
    occurred_at as booked_at,
    event_id,
    1 as amount,
    false as is_void,
    device,
    country,
    plan
from handwritten.metric_events
where event_name not in ('order_paid', 'order_refunded')

union all

select
    'second_order_customers' as metric_name,
    person_id as entity_id,
    local_week as period_start,
    occurred_at as booked_at,
    event_id,
    1 as amount,
    false as is_void,
    device,
    country,
    plan
from kept_orders
where order_number = 2

union all

select
    'monthly_revenue' as metric_name,
    person_id as entity_id,
    local_month as period_start,
    occurred_at as booked_at,
    event_id,
    value as amount,
    false as is_void,
    device,
    country,
    plan
from orders
where value is not null

union all

select
    'monthly_revenue' as metric_name,
    person_id as entity_id,
    local_month as period_start,
    occurred_at as booked_at,
    event_id,
    -value as amount,
    true as is_void,
    null as device,
    null as country,
    null as plan
from first_refunds

union all

select
    'new_users_with_a_workflow' as metric_name,
    metric_events.person_id as entity_id,
    cast(date_trunc('week', cast(
        (entities.anchor_at at time zone 'UTC') at time zone 'Europe/Berlin' as date
    )) as date) as period_start,
    metric_events.occurred_at as booked_at,
    metric_events.event_id,
    1 as amount,
    false as is_void,
    metric_events.device,
    metric_events.country,
    metric_events.plan
from handwritten.metric_events
inner join handwritten.entities
    on
        entities.entity_type = 'user'
        and metric_events.person_id = entities.entity_id
        and metric_events.occurred_at >= entities.anchor_at
        and metric_events.occurred_at < entities.anchor_at + interval 168 hours
where metric_events.event_name = 'workflow_completed'

union all

select
    'order_revenue' as metric_name,
    person_id as entity_id,
    local_month as period_start,
    occurred_at as booked_at,
    event_id,
    value as amount,
    false as is_void,
    device,
    country,
    plan
from orders
where value is not null

union all

select
    'orders' as metric_name,
    person_id as entity_id,
    local_month as period_start,
    occurred_at as booked_at,
    event_id,
    1 as amount,
    false as is_void,
    device,
    country,
    plan
from orders;

create table handwritten.entity_periods as
with

measured as (
    select
        metric_name,
        period_start,
        entity_id,
        sum(amount) as measure,
        bool_or(not is_void) as has_event,
        arg_min(device, row(booked_at, event_id)) as device,
        arg_min(country, row(booked_at, event_id)) as country,
        arg_min(plan, row(booked_at, event_id)) as plan
    from handwritten.bookings
    group by metric_name, period_start, entity_id
),

qualified as (
    select
        measured.*,
        metrics.grain,
        metrics.total,
        metrics.at_least is null or measured.measure >= metrics.at_least as is_counted,
        is_counted and measured.has_event as is_qualified
    from measured
    inner join handwritten.metrics on measured.metric_name = metrics.metric_name
),

growth as (
    select
        metric_name,
        entity_id,
        period_start,
        case
            when lag(period_start) over life is null then 'new'
            when
                lag(period_start) over life = case grain
                    when 'week' then period_start - 7
                    else cast(period_start - interval 1 month as date)
                end
                then 'retained'
            else 'resurrected'
        end as growth_status
    from qualified
    where is_qualified and metric_name <> 'new_users_with_a_workflow'
    window life as (partition by metric_name, entity_id order by period_start)
)

select
    qualified.metric_name,
    qualified.period_start,
    qualified.entity_id,
    qualified.measure,
    qualified.is_qualified,
    case
        when qualified.total = 'entities' then cast(qualified.is_qualified as integer)
        when qualified.is_counted then qualified.measure
        else 0
    end as contribution,
    growth.growth_status,
    coalesce(qualified.device, '(unknown)') as device,
    coalesce(qualified.country, '(unknown)') as country,
    coalesce(qualified.plan, '(unknown)') as plan
from qualified
left join growth
    on
        qualified.metric_name = growth.metric_name
        and qualified.entity_id = growth.entity_id
        and qualified.period_start = growth.period_start;

create table handwritten.metric_periods as
with

totals as (
    select
        metric_name,
        period_start,
        sum(contribution) as value,
        count(*) filter (where is_qualified) as qualified_entities
    from handwritten.entity_periods
    group by metric_name, period_start
),

-- the period before an open one, up to the same point; the cohort metric has none
same_point_entities as (
    select
        bookings.metric_name,
        periods.period_start,
        metrics.total,
        metrics.at_least,
        sum(bookings.amount) as measure,
        bool_or(not bookings.is_void) as has_event
    from handwritten.bookings
    inner join handwritten.metrics on bookings.metric_name = metrics.metric_name
    inner join handwritten.periods
        on
            metrics.grain = periods.grain
            and periods.is_open
            and bookings.period_start = periods.previous_start
            and bookings.booked_at < periods.same_point_at
    where bookings.metric_name <> 'new_users_with_a_workflow'
    group by
        bookings.metric_name,
        periods.period_start,
        metrics.total,
        metrics.at_least,
        bookings.entity_id
),

same_point as (
    select
        metric_name,
        period_start,
        sum(case
            when not (at_least is null or measure >= at_least) then 0
            when total = 'entities' then cast(has_event as integer)
            else measure
        end) as value
    from same_point_entities
    group by metric_name, period_start
),

without_entity as (
    select
        local_week as period_start,
        count(*) as row_count
    from handwritten.metric_events
    where event_name = 'workflow_completed' and account_id is null
    group by local_week
),

lives as (
    select
        metric_name,
        min(period_start) as first_start,
        max(period_start) as last_start
    from totals
    group by metric_name
),

spine as (
    select
        metrics.metric_name,
        metrics.waiting,
        periods.period_start,
        periods.period_end,
        periods.ends_at,
        periods.watermark_at,
        periods.is_open
    from handwritten.metrics
    inner join lives on metrics.metric_name = lives.metric_name
    inner join handwritten.periods
        on
            metrics.grain = periods.grain
            and lives.first_start <= periods.period_start
            and (
                periods.starts_at <= periods.watermark_at
                or periods.period_start <= lives.last_start
            )
),

valued as (
    select
        spine.metric_name,
        spine.period_start,
        spine.period_end,
        spine.is_open,
        case
            when spine.is_open then 'open'
            when spine.watermark_at >= spine.ends_at + spine.waiting then 'final'
            else 'provisional'
        end as period_status,
        coalesce(totals.value, 0) as value,
        cast(null as decimal(38, 2)) as numerator,
        cast(null as decimal(38, 2)) as denominator,
        coalesce(totals.qualified_entities, 0) as qualified_entities,
        case
            when spine.metric_name = 'weekly_teams_3_workflows'
                then coalesce(without_entity.row_count, 0)
            else 0
        end as events_without_entity,
        case
            when spine.is_open and spine.metric_name <> 'new_users_with_a_workflow'
                then coalesce(same_point.value, 0)
        end as same_point_value
    from spine
    left join totals
        on
            spine.metric_name = totals.metric_name
            and spine.period_start = totals.period_start
    left join same_point
        on
            spine.metric_name = same_point.metric_name
            and spine.period_start = same_point.period_start
    left join without_entity on spine.period_start = without_entity.period_start
),

with_ratio as (
    select * from valued
    union all
    select
        'average_order_value' as metric_name,
        revenue.period_start,
        revenue.period_end,
        revenue.is_open,
        revenue.period_status,
        revenue.value / nullif(orders.value, 0) as value,
        revenue.value as numerator,
        orders.value as denominator,
        null as qualified_entities,
        0 as events_without_entity,
        revenue.same_point_value / nullif(orders.same_point_value, 0)
            as same_point_value
    from valued as revenue
    inner join valued as orders
        on
            orders.metric_name = 'orders'
            and revenue.period_start = orders.period_start
    where revenue.metric_name = 'order_revenue'
)

select
    metric_name,
    period_start,
    period_end,
    period_status,
    value,
    numerator,
    denominator,
    qualified_entities,
    events_without_entity,
    lag(value) over life as previous_value,
    case when lag(period_start) over life is not null then same_point_value end
        as same_point_value,
    value - case when is_open then same_point_value else lag(value) over life end
        as change
from with_ratio
window life as (partition by metric_name order by period_start);
