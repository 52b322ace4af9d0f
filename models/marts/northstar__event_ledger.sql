{%- set has_registers = northstar.has_registers() %}

with

activity as (
    {%- for relation, row_count, instant, condition in [
        ('int_northstar__activity', 'row_count', 'first_at', 'rejected_as is null'),
        ('int_northstar__event_copies', '1', 'occurred_at', "copy_disposition = 'kept'"),
    ] %}
    select
        source_name,
        local_date,
        {%- for column in northstar.activity_columns() %}
        {{ column }},
        {%- endfor %}
        {{ row_count }} as row_count,
        {{ instant }} as first_at
    from {{ ref(relation) }}
    where {{ condition }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- whose a row is matters only where a register can name someone
identified as (
    select
        activity.*
        {%- if has_registers and northstar.has_people() %},
        {{ northstar.person_id('activity') }} as person_id
        {%- endif %}
    from activity
    {%- if has_registers and northstar.has_identity() %}
    left join {{ ref('int_northstar__identities') }} as identities
        on {{ northstar.raw_person_id('activity') }} = identities.id
    {%- endif %}
),

judged as (
    select
        identified.source_name,
        identified.local_date,
        identified.row_count,
        {{ northstar.disposition() }} as disposition
    from identified
    {{ northstar.judgement_joins('first_at') }}
),

dispositions as (
    select
        source_name,
        local_date as event_date,
        rejected_as as disposition,
        row_count
    from {{ ref('int_northstar__activity') }}
    where rejected_as is not null

    union all

    select
        source_name,
        local_date as event_date,
        copy_disposition as disposition,
        1 as row_count
    from {{ ref('int_northstar__event_copies') }}
    where copy_disposition <> 'kept'

    union all

    select
        source_name,
        local_date as event_date,
        disposition,
        row_count
    from judged
),

counted as (
    select
        source_name,
        event_date,
        disposition,
        sum(row_count) as row_count
    from dispositions
    group by source_name, event_date, disposition
)

select
    source_name,
    event_date,
    disposition,
    cast(row_count as bigint) as row_count
from counted
