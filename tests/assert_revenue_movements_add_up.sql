{#- What came less what went is the change of recurring revenue, and of who pays. -#}

{{ config(enabled=northstar.has_valued_states()) }}

select
    entity_type,
    state_name,
    period_start,
    starting_mrr,
    ending_mrr
from {{ ref('northstar__revenue_periods') }}
where
    ending_mrr - starting_mrr
    <> new_mrr + reactivation_mrr + expansion_mrr - contraction_mrr - churned_mrr
    or ending_entities - starting_entities
    <> new_entities + reactivated_entities - churned_entities
