with
events as (
    select * from "analytics"."int_northstar__recounted_events"
),
-- weekly_teams: step 8, the events it names
weekly_teams__found as (
    select
        account_id as entity_id,
        source_name,
        event_id,
        event_name,
        occurred_at as booked_at,
        local_date as booked_date,
        1 as amount,
        device,
        false as is_void
    from events
    where
        event_name = 'done'
        and account_id is not null
),
-- weekly_teams: step 11, the window
weekly_teams__booked as (
    select
        'weekly_teams' as metric_name,
        entity_id,
        source_name,
        event_id,
        event_name,
        booked_at,
        booked_date,
        booked_at as eligible_at,
        (booked_date + cast(-((((booked_date - cast('1969-12-29' as date))) % (7) + 7) % (7)) as integer)) as period_start,
        amount,
        device,
        is_void
    from weekly_teams__found
)
select * from weekly_teams__booked
