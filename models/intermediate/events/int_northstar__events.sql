{#-
    Steps 4 to 7 for the metrics: the events that some definition names, each once, with
    the columns that some definition uses, its person and its disposition. What counts
    is accepted. One row per event.
-#}

{%- set columns = northstar.stored_event_columns() %}

with

named as (
    select
        source_name,
        load_date,
        event_id,
        event_name,
        occurred_at,
        {%- for column in columns %}
        {{ column.name }},
        {%- endfor %}
        local_date
    from {{ ref('int_northstar__named_events') }}

    union all

    select
        source_name,
        load_date,
        event_id,
        event_name,
        occurred_at,
        {%- for column in columns %}
        {{ column.name }},
        {%- endfor %}
        local_date
    from {{ ref('int_northstar__event_copies') }}
    where
        copy_disposition = 'kept'
        and {{ northstar.is_named() }}
),

identified as (
    select
        named.*
        {%- if northstar.has_people() %},
        {{ northstar.person_id('named') }} as person_id,
        {{ northstar.is_known_person('named') }} as is_known_person
        {%- endif %}
    from named
    {%- if northstar.has_identity() %}
    left join {{ ref('int_northstar__identities') }} as identities
        on {{ northstar.raw_person_id('named') }} = identities.id
    {%- endif %}
)

select
    identified.*,
    {{ northstar.disposition() }} as disposition
from identified
{{ northstar.judgement_joins('occurred_at') }}
