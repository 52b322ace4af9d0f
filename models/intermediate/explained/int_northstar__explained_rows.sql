{#-
    What became of the raw rows that some definition names in steps 2 to 7: the accepted
    events as they were stored, and beside them the rows that were put aside, with the
    person that they would have had. One row per raw row.

    rejection is the row's disposition, null where it was accepted.
-#}

{%- set names = northstar.named_events() -%}
{%- set columns = northstar.named_columns() -%}
{%- set has_people = northstar.has_people() -%}
{%- set has_identity = northstar.has_identity() -%}
{%- set has_users = northstar.has_event_column('user_id') %}

with

accepted as (
    select * from {{ ref('int_northstar__events') }}
    where disposition = 'accepted'
),

screened as (
    select * from {{ ref('int_northstar__screened_events') }}
    where rejected_as is not null
),

copies as (
    select * from {{ ref('int_northstar__event_copies') }}
    where copy_disposition <> 'kept'
),

judged as (
    select * from {{ ref('int_northstar__events') }}
    where disposition <> 'accepted'
),
{% if has_identity %}
identities as (
    select * from {{ ref('int_northstar__identities') }}
),
{% endif %}
-- rows that went before anyone asked whose they are
unidentified as (
    {%- for relation, disposition, step in [
        ('screened', 'rejected_as', 2),
        ('copies', 'copy_disposition', 3),
    ] %}
    select
        source_name,
        event_id,
        event_name,
        occurred_at,
        local_date,
        {%- if has_people %}
        {{ northstar.raw_person_id() }} as raw_person_id,
        {{ 'user_id is not null' if has_users else 'false' }} as has_user,
        {%- endif %}
        {%- for column in columns %}
        {{ column.name }},
        {%- endfor %}
        {{ step }} as rejected_at_step,
        {{ disposition }} as rejection
    from {{ relation }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

rows_of_all_steps as (
    select
        source_name,
        event_id,
        event_name,
        occurred_at,
        local_date,
        {%- if has_people %}
        person_id,
        is_known_person,
        {%- endif %}
        {%- for column in columns %}
        {{ column.name }},
        {%- endfor %}
        cast(null as integer) as rejected_at_step,
        cast(null as {{ northstar.text_type() }}) as rejection
    from accepted

    union all

    select
        unidentified.source_name,
        unidentified.event_id,
        unidentified.event_name,
        unidentified.occurred_at,
        unidentified.local_date,
        {%- if has_identity %}
        coalesce(
            identities.canonical_id, unidentified.raw_person_id
        ) as person_id,
        unidentified.has_user
        or coalesce(identities.is_known, false) as is_known_person,
        {%- elif has_people %}
        unidentified.raw_person_id as person_id,
        unidentified.has_user as is_known_person,
        {%- endif %}
        {%- for column in columns %}
        unidentified.{{ column.name }},
        {%- endfor %}
        unidentified.rejected_at_step,
        unidentified.rejection
    from unidentified
    {%- if has_identity %}
    left join identities on unidentified.raw_person_id = identities.id
    {%- endif %}

    union all

    select
        source_name,
        event_id,
        event_name,
        occurred_at,
        local_date,
        {%- if has_people %}
        person_id,
        is_known_person,
        {%- endif %}
        {%- for column in columns %}
        {{ column.name }},
        {%- endfor %}
        case disposition when 'erased' then 5 when 'no_consent' then 7 else 6 end
            as rejected_at_step,
        disposition as rejection
    from judged
)

select
    source_name,
    event_id,
    event_name,
    occurred_at,
    local_date,
    {%- if has_people %}
    person_id,
    is_known_person,
    {%- endif %}
{%- for column in columns %}
    {{ column.name }},
{%- endfor %}
    rejected_at_step,
    rejection
from rows_of_all_steps
where
    {%- if names %}
    event_name in (
        {%- for name in names %}
        {{ northstar.string_literal(name) }}{{ ',' if not loop.last }}
        {%- endfor %}
    )
    {%- else %}
    1 = 0
    {%- endif %}
