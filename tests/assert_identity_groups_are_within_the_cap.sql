{#-
    Ids that links join into a group over `northstar_max_identity_size` are not merged:
    such a group is mostly a shared or a test id. This warns and names them.
-#}

{{ config(
    severity='warn',
    enabled=northstar.has_people() and northstar.has_input('northstar_identity_links'),
) }}

select
    id,
    component_id
from {{ ref('int_northstar__linked_ids') }}
where not is_merged
