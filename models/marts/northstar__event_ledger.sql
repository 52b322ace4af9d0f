with

screened as (
    select * from {{ ref('int_northstar__screened_events') }}
    where rejected_as is not null
),

copies as (
    select * from {{ ref('int_northstar__event_copies') }}
    where copy_disposition <> 'kept'
),

judged as (
    select * from {{ ref('int_northstar__judged_events') }}
),

dispositions as (
    select
        source_name,
        local_date as event_date,
        rejected_as as disposition
    from screened

    union all

    select
        source_name,
        local_date as event_date,
        copy_disposition as disposition
    from copies

    union all

    select
        source_name,
        local_date as event_date,
        disposition
    from judged
),

counted as (
    select
        source_name,
        event_date,
        disposition,
        count(*) as row_count
    from dispositions
    group by source_name, event_date, disposition
)

select
    source_name,
    event_date,
    disposition,
    row_count
from counted
