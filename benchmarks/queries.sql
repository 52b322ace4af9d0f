-- What people ask of the marts, one statement a question: the comment before it is the
-- question. benchmarks/run.py times each of them.

-- The last twelve weeks of the North Star
select
    period_start,
    period_status,
    value,
    change,
    change_rate,
    elapsed_share
from northstar__metric_periods
where is_north_star
order by period_start desc
limit 12;

-- Every metric in its last final period
select
    definitions.label,
    periods.period_start,
    periods.value,
    periods.previous_value,
    definitions.unit
from northstar__metric_periods as periods
inner join northstar__metric_definitions as definitions
    on periods.metric_name = definitions.metric_name
where periods.period_status = 'final'
qualify
    row_number() over (
        partition by periods.metric_name order by periods.period_start desc
    ) = 1;

-- The North Star by week and country
select
    period_start,
    country,
    sum(contribution) as value
from northstar__north_star
group by period_start, country
order by period_start, country;

-- New, retained and resurrected users by week
select
    period_start,
    growth_status,
    count(*) as people
from northstar__entity_periods
where metric_name = 'weekly_active_users' and is_qualified
group by period_start, growth_status
order by period_start, growth_status;

-- Monthly revenue by plan
select
    period_start,
    plan,
    sum(contribution) as revenue
from northstar__entity_periods
where metric_name = 'monthly_revenue'
group by period_start, plan
order by period_start, plan;

-- The teams that just missed the North Star in the last final week
select
    entity_id,
    measure
from northstar__entity_periods
where
    metric_name = 'weekly_teams_3_workflows'
    and not is_qualified
    and period_start = (
        select max(periods.period_start)
        from northstar__metric_periods as periods
        where periods.is_north_star and periods.period_status = 'final'
    )
order by measure desc, entity_id asc
limit 100;

-- The history of one team
select
    period_start,
    measure,
    is_qualified,
    growth_status
from northstar__entity_periods
where
    metric_name = 'weekly_teams_3_workflows'
    and entity_id = (
        select min(entities.entity_id)
        from northstar__entities as entities
        where entities.entity_type = 'team'
    )
order by period_start;

-- New users by week and country
select
    date_trunc('week', anchor_at) as anchor_week,
    country,
    count(*) as people
from northstar__entities
where entity_type = 'user' and anchor_source = 'anchor'
group by all
order by all;

-- Where the rows of the last thirty days went
select
    event_date,
    disposition,
    row_count
from northstar__event_ledger
where event_date > (select max(spine.date_day) - 30 from northstar__time_spine as spine)
order by event_date, disposition;
