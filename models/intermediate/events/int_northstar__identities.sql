{#-
    Step 4. The canonical id of every id that belongs to another one, or that is a
    device and a known user at once. An id that is not here is its own. One row per id.

    A run without links looks at the ids that are on rows read in it; links can reach
    anyone, so with them all ids are resolved. The columns seen_ are what the last
    complete run had; an id that is its own again has a row until this run completes.
-#}

{{ config(
    materialized='northstar_incremental',
    meta={
        'northstar_storage': 'definitions',
        'northstar_changes': {'keys': ['id']},
    },
    enabled=northstar.has_identity(),
) }}

{%- set has_links = northstar.has_input('northstar_identity_links') -%}
{%- set has_devices = northstar.has_event_column('user_id')
    and northstar.has_event_column('anonymous_id') -%}
{%- set latest = var('northstar_anonymous_owner') == 'last' -%}
{%- set rebuilds = northstar.rebuilds('definitions') -%}
{%- set looks_at_some = not rebuilds and not has_links %}

with
{% if looks_at_some %}
read_ids as (
    select * from {{ ref('int_northstar__read_ids') }}
    where id_type in ('user', 'anonymous')
),

{% endif %}
events as (
    {%- for relation, first_at, last_at, condition in [
        ('int_northstar__activity', 'first_at', 'last_at', 'rejected_as is null'),
        (
            'int_northstar__event_copies', 'occurred_at', 'occurred_at',
            "copy_disposition = 'kept'",
        ),
    ] %}
    select
        {%- for column in ('user_id', 'anonymous_id')
            if northstar.has_event_column(column) %}
        {{ column }},
        {%- endfor %}
        {{ first_at }} as first_at,
        {{ last_at }} as last_at
    from {{ ref(relation) }}
    where
        {{ condition }}
        {%- if looks_at_some %}
        and (
            user_id in (select read_ids.id from read_ids)
            or anonymous_id in (select read_ids.id from read_ids)
        )
        {%- endif %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),
{% if northstar.has_event_column('user_id') %}
known_ids as (
    select distinct user_id as id
    from events
    where user_id is not null
),
{% else %}
known_ids as (
    select anonymous_id as id
    from events
    where 1 = 0
),
{% endif %}
{% if has_links -%}
linked_ids as (
    select * from {{ ref('int_northstar__linked_ids') }}
),

-- a component with a known user is that user, the smallest where there are several
linked_users as (
    select
        linked_ids.component_id,
        min({{ northstar.byte_order('linked_ids.id') }}) as canonical_id
    from linked_ids
    inner join known_ids on linked_ids.id = known_ids.id
    where linked_ids.is_merged
    group by linked_ids.component_id
),
{% endif %}
{% if has_devices -%}
-- rows that carry a device and a user; a device that is a known user is not one
sightings as (
    select
        events.anonymous_id as device_id,
        events.user_id,
        {{ 'max(events.last_at)' if latest else 'min(events.first_at)' }} as seen_at
    from events
    left join known_ids on events.anonymous_id = known_ids.id
    where
        events.anonymous_id is not null
        and events.user_id is not null
        and known_ids.id is null
    group by events.anonymous_id, events.user_id
),

-- a device that is a known user is that user
known_devices as (
    select distinct events.anonymous_id as id
    from events
    inner join known_ids on events.anonymous_id = known_ids.id
),

-- devices that links join are sighted as one; those that a link gives to a user, or
-- that are in a component over the cap, are not sighted at all
grouped_sightings as (
    select
        {% if has_links -%}
        coalesce(linked_ids.component_id, sightings.device_id) as group_id,
        {%- else -%}
        sightings.device_id as group_id,
        {%- endif %}
        sightings.user_id,
        sightings.seen_at
    from sightings
    {% if has_links -%}
    left join linked_ids on sightings.device_id = linked_ids.id
    left join linked_users on linked_ids.component_id = linked_users.component_id
    where linked_users.component_id is null and coalesce(linked_ids.is_merged, true)
    {%- endif %}
),

owners as (
    select
        group_id,
        user_id
    from (
        select
            group_id,
            user_id,
            row_number() over (
                partition by group_id
                order by
                    seen_at{{ ' desc' if latest }},
                    {{ northstar.byte_order('user_id') }}
            ) as sighting_order
        from grouped_sightings
    ) as ranked
    where sighting_order = 1
),
{% endif %}
{% if has_links -%}
-- an owner may be linked to another user
{%- if has_devices %}
canonical_owners as (
    select
        owners.group_id,
        coalesce(linked_users.canonical_id, owners.user_id) as canonical_id
    from owners
    left join linked_ids
        on owners.user_id = linked_ids.id and linked_ids.is_merged
    left join linked_users on linked_ids.component_id = linked_users.component_id
),
{%- endif %}

resolved as (
    select
        linked_ids.id,
        {% if has_devices -%}
        coalesce(
            linked_users.canonical_id,
            canonical_owners.canonical_id,
            linked_ids.component_id
        ) as canonical_id,
        {%- else -%}
        coalesce(linked_users.canonical_id, linked_ids.component_id) as canonical_id,
        {%- endif %}
        linked_users.canonical_id is not null
            {{ 'or canonical_owners.canonical_id is not null' if has_devices }}
            as is_known
    from linked_ids
    left join linked_users on linked_ids.component_id = linked_users.component_id
    {% if has_devices -%}
    left join canonical_owners on linked_ids.component_id = canonical_owners.group_id
    {%- endif %}
    where linked_ids.is_merged
    {%- if has_devices %}

    union all

    select
        canonical_owners.group_id as id,
        canonical_owners.canonical_id,
        true as is_known
    from canonical_owners
    left join linked_ids on canonical_owners.group_id = linked_ids.id
    where linked_ids.id is null

    union all

    select
        known_devices.id,
        known_devices.id as canonical_id,
        true as is_known
    from known_devices
    left join linked_ids on known_devices.id = linked_ids.id
    where linked_ids.id is null or not linked_ids.is_merged
    {%- endif %}
)
{%- else -%}
resolved as (
    select
        group_id as id,
        user_id as canonical_id,
        true as is_known
    from owners

    union all

    select
        id,
        id as canonical_id,
        true as is_known
    from known_devices
)
{%- endif %},

current_ids as (
    select
        id,
        canonical_id,
        is_known
    from resolved
    where
        (id <> canonical_id or is_known)
        {%- if looks_at_some %}
        and id in (select read_ids.id from read_ids)
        {%- endif %}
){{ ',' if not rebuilds }}
{% if not rebuilds %}
known as (
    select
        id,
        seen_canonical_id,
        seen_is_known
    from {{ this }}
    {%- if looks_at_some %}
    where id in (select read_ids.id from read_ids)
    {%- endif %}
)

select
    coalesce(current_ids.id, known.id) as id,
    current_ids.canonical_id,
    coalesce(current_ids.is_known, false) as is_known,
    known.seen_canonical_id,
    known.seen_is_known
from current_ids
full join known on current_ids.id = known.id
{%- else %}

select
    id,
    canonical_id,
    is_known,
    canonical_id as seen_canonical_id,
    is_known as seen_is_known
from current_ids
{%- endif %}
