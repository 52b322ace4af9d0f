{{ config(materialized='northstar_view') }}

with

published as (
    select * from {{ ref('int_northstar__published_values') }}
)

select
    metric_name,
    metric_version,
    grain,
    period_start,
    period_end,
    known_at,
    lead(known_at) over (
        partition by metric_name, metric_version, period_start order by known_at
    ) as known_until,
    period_status,
    lag(value) over (
        partition by metric_name, metric_version, period_start order by known_at
    ) as old_value,
    value as new_value,
    definition_hash
from published
