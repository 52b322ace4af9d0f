{#-
    Steps 4 to 7 for those drivers that look at everything that happened: the local
    dates of accepted events, whose they are, and how often. One row per accepted row of
    int_northstar__activity, and per kept copy of an event.
-#}

{{ config(enabled=northstar.driver_metrics('calendar') | length > 0
    or northstar.has_valued_states()) }}

with

activity as (
    {%- for relation, instant, condition in [
        ('int_northstar__activity', 'first_at', 'rejected_as is null'),
        ('int_northstar__event_copies', 'occurred_at', "copy_disposition = 'kept'"),
    ] %}
    select
        {%- for column in northstar.activity_columns() %}
        {{ column }},
        {%- endfor %}
        local_date,
        {{ instant }} as first_at
    from {{ ref(relation) }}
    where {{ condition }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

identified as (
    select
        activity.*
        {%- if northstar.has_people() %},
        {{ northstar.person_id('activity') }} as person_id,
        {{ northstar.is_known_person('activity') }} as is_known_person
        {%- endif %}
    from activity
    {%- if northstar.has_identity() %}
    left join {{ ref('int_northstar__identities') }} as identities
        on {{ northstar.raw_person_id('activity') }} = identities.id
    {%- endif %}
)

select identified.*
from identified
{{ northstar.judgement_joins('first_at') }}
where {{ northstar.disposition() }} = 'accepted'
