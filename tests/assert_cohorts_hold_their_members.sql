{#-
    In every cohort who got there is part of who was followed, and they of the cohort;
    and every entity of the metric's type is in one cohort of activation.
-#}

{{ config(enabled=northstar.driver_metrics('calendar') | length > 0) }}

with

cohorts as (
    select
        'activation_cohorts' as mart,
        metric_name,
        cohort_start,
        cohort_entities,
        mature_entities,
        activated_entities as reached_entities
    from {{ ref('northstar__activation_cohorts') }}

    union all

    select
        'time_to_value' as mart,
        metric_name,
        cohort_start,
        at_risk_entities as cohort_entities,
        at_risk_entities as mature_entities,
        reached_entities
    from {{ ref('northstar__time_to_value') }}

    union all

    select
        'repeat_steps' as mart,
        metric_name,
        cohort_start,
        reached_entities as cohort_entities,
        mature_entities,
        repeated_entities as reached_entities
    from {{ ref('northstar__repeat_steps') }}
    {%- if northstar.retention_analyses() %}

    union all

    select
        'retention_cohorts' as mart,
        metric_name,
        cohort_start,
        cohort_entities,
        mature_entities,
        retained_entities as reached_entities
    from {{ ref('northstar__retention_cohorts') }}
    {%- endif %}
),

activated as (
    select
        metric_name,
        window_days,
        sum(cohort_entities) as cohort_entities
    from {{ ref('northstar__activation_cohorts') }}
    group by metric_name, window_days
),

entities as (
    select
        entity_type,
        count(*) as entities
    from {{ ref('northstar__entities') }}
    group by entity_type
),

metrics as (
    select * from {{ ref('int_northstar__metrics') }}
)

select
    mart,
    metric_name,
    cohort_start,
    cohort_entities,
    mature_entities,
    reached_entities
from cohorts
where
    (cohort_entities < 1 and mart <> 'time_to_value')
    or mature_entities > cohort_entities
    or reached_entities > mature_entities
    or reached_entities < 0

union all

select
    'activation_cohorts' as mart,
    activated.metric_name,
    cast(null as date) as cohort_start,
    activated.cohort_entities,
    entities.entities as mature_entities,
    activated.window_days as reached_entities
from activated
inner join metrics on activated.metric_name = metrics.metric_name
inner join entities on metrics.entity_type = entities.entity_type
where activated.cohort_entities <> entities.entities
