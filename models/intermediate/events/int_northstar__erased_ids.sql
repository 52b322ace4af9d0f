{#-
    Step 5. The people and accounts to be forgotten, for ever. One row per key.

    key_type: person (any id of a person, canonical) or account.
-#}

{{ config(
    materialized='northstar_table',
    enabled=northstar.has_input('northstar_erasure_requests'),
) }}

with

requests as (
    select * from {{ ref('stg_northstar__erasure_requests') }}
    where id is not null
){{ ',' if northstar.has_identity() }}
{% if northstar.has_identity() %}
identities as (
    select * from {{ ref('int_northstar__identities') }}
)
{% endif %}
{%- if northstar.has_people() %}
select distinct
    'person' as key_type,
    {{ 'coalesce(identities.canonical_id, requests.id)'
        if northstar.has_identity() else 'requests.id' }} as key_id
from requests
{% if northstar.has_identity() -%}
left join identities on requests.id = identities.id
{%- endif %}
where requests.id_type in ('user', 'anonymous')

union all
{% endif %}
select distinct
    id_type as key_type,
    id as key_id
from requests
where id_type = 'account'
