{#-
    Whoever qualifies is new, kept or back; what came less what went is the change; and
    the entities of a period come out of the pools at their rates.
-#}

{{ config(enabled=northstar.driver_metrics('calendar', 'rolling') | length > 0) }}

with

growth_accounting as (
    select * from {{ ref('northstar__growth_accounting') }}
)

select
    metric_name,
    period_start,
    qualified_entities,
    previous_entities,
    new_entities,
    retained_entities,
    resurrected_entities,
    churned_entities,
    dormant_pool,
    never_pool
from growth_accounting
where
    qualified_entities <> new_entities + retained_entities + resurrected_entities
    or qualified_entities - previous_entities
    <> new_entities + resurrected_entities - churned_entities
    or retained_entities > previous_entities
    or resurrected_entities > dormant_pool
    or new_entities > never_pool
    or dormant_pool < 0
    or never_pool < 0
    or (
        period_status <> 'open'
        and abs(
            previous_entities * coalesce(retention_rate, 0)
            + dormant_pool * coalesce(resurrection_rate, 0)
            + never_pool * coalesce(first_qualification_rate, 0)
            - qualified_entities
        )
        > 0.000000001 * (1 + previous_entities + dormant_pool + never_pool)
    )
