with

days as (
    select * from {{ ref('int_northstar__days') }}
)

select
    local_date as date_day,
    {{ northstar.period_start('local_date', 'week') }} as date_week,
    {{ northstar.period_start('local_date', 'month') }} as date_month,
    {{ northstar.period_start('local_date', 'quarter') }} as date_quarter
from days
