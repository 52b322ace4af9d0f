{#-
    Step 4, explicit links. The ids joined by links, through any number of them.

    Every id keeps the smallest ids that it reaches, one more than the cap at most, so
    each round doubles the distance walked: a component within the cap is complete
    after log2(cap) rounds, and an id that holds more than the cap is over it.
-#}

{{ config(
    materialized='northstar_table',
    enabled=northstar.has_people() and northstar.has_input('northstar_identity_links'),
) }}

{%- set cap = var('northstar_max_identity_size') -%}
{#- the distances walked before each round, and the largest cap is 1000 #}
{%- set distances = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512] -%}
{%- set rounds = distances | select('lt', cap) | list | length %}

with

links as (
    select
        from_id,
        to_id
    from {{ ref('stg_northstar__identity_links') }}
    where from_id is not null and to_id is not null and from_id <> to_id
),

pairs as (
    select
        from_id as id,
        to_id as reached_id
    from links
    union distinct
    select
        to_id as id,
        from_id as reached_id
    from links
    union distinct
    select
        from_id as id,
        from_id as reached_id
    from links
    union distinct
    select
        to_id as id,
        to_id as reached_id
    from links
),

reached_0 as (
    select
        id,
        reached_id
    from (
        select
            id,
            reached_id,
            row_number() over (
                partition by id order by {{ northstar.byte_order('reached_id') }}
            ) as smallness
        from pairs
    ) as ranked
    where smallness <= {{ cap + 1 }}
),
{% for round in range(1, rounds + 1) %}
walked_{{ round }} as (
    select distinct
        walked.id,
        onward.reached_id
    from reached_{{ round - 1 }} as walked
    inner join reached_{{ round - 1 }} as onward
        on walked.reached_id = onward.id
),

reached_{{ round }} as (
    select
        id,
        reached_id
    from (
        select
            id,
            reached_id,
            row_number() over (
                partition by id order by {{ northstar.byte_order('reached_id') }}
            ) as smallness
        from walked_{{ round }}
    ) as ranked
    where smallness <= {{ cap + 1 }}
),
{% endfor %}
components as (
    select
        id,
        min({{ northstar.byte_order('reached_id') }}) as component_id,
        count(*) as reached_ids
    from reached_{{ rounds }}
    group by id
)

select
    id,
    component_id,
    reached_ids <= {{ cap }} as is_merged
from components
