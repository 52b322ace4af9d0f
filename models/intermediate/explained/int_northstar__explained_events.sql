{#-
    How far every event got, for every metric that names it: the steps of
    int_northstar__qualifying_events, by the same expressions, with a reason where that
    one has a filter. One row per metric, period and event. Void events have rows too: a
    net void one for each event that it hits. A view, which only `northstar explain`
    and whoever doubts a number reads.

    period_start     the period in which the event is booked, or would be
    uncapped         the value before its cap, for a sum
    amount           what the event adds to its entity's measure: null where it was
                     dropped, 0 where its distinct value had counted already
    new_actor        1 where its actor had not counted already
    dropped_at_step  the step that dropped it, 2 to 14, or null
    reason           why; in steps 2 to 7 the row's disposition
    detail           the void, the rank, the state or the age that decided
-#}

{%- set metrics = northstar.event_metrics() -%}
{%- set no_text = 'cast(null as ' ~ northstar.text_type() ~ ')' -%}
{%- set no_number = northstar.rounded('null') -%}
{%- set by_time = 'booked_at, ' ~ northstar.byte_order('event_id') ~ ', '
    ~ northstar.byte_order('source_name') -%}
{%- set by_time_voids_last = by_time.replace('booked_at, ', 'booked_at, is_void, ') -%}

{{ config(meta=northstar.explained_meta()) }}

with

events as (
    select * from {{ ref('int_northstar__explained_rows') }}
),
{%- for metric in metrics %}
{%- set name = metric.name -%}
{%- set window = metric.window -%}
{%- set void = metric.void -%}
{%- set is_net = void is not none and void.mode == 'net' -%}
{%- set void_predicate = 'event_name = ' ~ northstar.string_literal(void.event)
    if void else 'false' -%}
{%- set other = metric.paired_with if metric.paired_with and metric.paired_with.events -%}
{%- set event_states = metric.when | selectattr('kind', 'equalto', 'state')
    | selectattr('at', 'equalto', 'event') | list -%}
{%- set anchor_ages = metric.when | selectattr('kind', 'equalto', 'anchor_age') | list -%}
{%- set names = metric.events | map(attribute='event') | list
    + ([void.event] if void else []) -%}
{%- set found = namespace(
    name=name ~ '__named',
    stands='rejection is null and where_reason is null',
) %}

-- {{ name }}: steps 2 to 8, the events it names, and its voids
{{ name }}__named as (
    select
        source_name,
        event_id,
        event_name,
        occurred_at,
        {{ northstar.entity_id(metric) }} as entity_id,
        {{ void_predicate }} as is_void,
        {%- if void %}
        case
            when {{ void_predicate }} then occurred_at
            else {{ northstar.booked_at(metric) }}
        end as booked_at,
        case
            when {{ void_predicate }} then local_date
            else coalesce({{ northstar.booked_date(metric) }}, local_date)
        end as booked_date,
        {%- else %}
        {{ northstar.booked_at(metric) }} as booked_at,
        coalesce({{ northstar.booked_date(metric) }}, local_date) as booked_date,
        {%- endif %}
        {{ northstar.by_entry(metric, metric.events | map(attribute='value') | list)
            if metric.measure == 'sum' else no_number }} as uncapped,
        {{ northstar.amount(metric) }} as added,
        case
            {%- if other and other.measure != 'count' %}
            when {{ northstar.is_unmeasured(other) }} then 'no_value_in_other_part'
            {%- endif %}
            when {{ northstar.amount(metric) }} is null then 'no_value'
        end as value_reason,
        {{ northstar.distinct_value(metric) if metric.distinct else no_text }}
            as distinct_value,
        {{ northstar.actor_id(metric) if metric.actors else no_text }} as actor_id,
        {%- if void %}
        {{ northstar.canonical_column(void.key) }} as void_key,
        {{ void.value or no_number }} as void_value,
        {%- endif %}
        rejected_at_step,
        rejection,
        case
            when rejection is not null or {{ void_predicate }} then null
            when not coalesce({{ northstar.event_predicate(metric) }}, false)
                then 'where_not_true'
            when {{ northstar.entity_id(metric) }} is null then 'no_entity'
            when {{ northstar.booked_at(metric) }} is null then 'no_booking_time'
            {%- if other %}
            when {{ northstar.is_unplaced(other) }} then 'not_in_other_part'
            {%- endif %}
        end as where_reason
    from events
    where
        event_name in (
            {%- for event_name in names | unique %}
            {{ northstar.string_literal(event_name) }}{{ ',' if not loop.last }}
            {%- endfor %}
        )
),
{%- if void or event_states %}

{{ name }}__numbered as (
    select
        *,
        row_number() over (
            order by case when {{ found.stands }} then 0 else 1 end, {{ by_time }}
        ) as event_number
    from {{ found.name }}
),
{%- set found.name = name ~ '__numbered' %}
{%- endif %}
{%- if event_states %}
{%- for condition in event_states %}

-- {{ name }}: for step 12, the events at which a state held
{{ name }}__state_{{ loop.index }} as (
    select distinct found.event_number
    from {{ found.name }} as found
    inner join {{ ref('int_northstar__states') }} as states
        on
            states.entity_type = '{{ metric.entity }}'
            and states.state = {{ northstar.string_literal(condition.state) }}
            and states.entity_id = found.entity_id
            and states.valid_from <= found.booked_at
            and (states.valid_to is null or states.valid_to > found.booked_at)
),
{%- endfor %}

{{ name }}__stated as (
    select
        found.*,
        case
            {%- for condition in event_states %}
            when state_{{ loop.index }}.event_number is null
                then {{ northstar.string_literal(condition.state) }}
            {%- endfor %}
        end as missing_state
    from {{ found.name }} as found
    {%- for condition in event_states %}
    left join {{ name }}__state_{{ loop.index }} as state_{{ loop.index }}
        on found.event_number = state_{{ loop.index }}.event_number
    {%- endfor %}
),
{%- set found.name = name ~ '__stated' %}
{%- endif %}
{#- An excluding void goes before the rank, a net one after it. -#}
{%- for step in (['nth', 'void'] if is_net else ['void', 'nth']) %}
{%- if step == 'nth' and metric.nth %}

-- {{ name }}: step 10, rank over the entity's whole life
{{ name }}__ranked as (
    select
        *,
        case
            when not is_void and {{ found.stands }}
                then
                    row_number() over (
                        partition by
                            entity_id,
                            case when not is_void and {{ found.stands }} then 1 end
                        order by {{ by_time }}
                    )
        end as event_rank
    from {{ found.name }}
),

{{ name }}__nth as (
    select
        *,
        case
            when event_rank < {{ metric.nth.min }} then 'outside_nth'
            {%- if metric.nth.max %}
            when event_rank > {{ metric.nth.max }} then 'outside_nth'
            {%- endif %}
        end as nth_reason
    from {{ name }}__ranked
),
{%- set found.name = name ~ '__nth' %}
{%- set found.stands = found.stands ~ ' and nth_reason is null' %}
{%- elif step == 'void' and void %}

-- {{ name }}: step 9, the first void of each event
{{ name }}__voidable as (
    select * from {{ found.name }}
    where
        not is_void
        and {{ found.stands }}
        {{ 'and value_reason is null' if is_net }}
),

{{ name }}__voids as (
    select * from {{ found.name }}
    where is_void and rejection is null
),

{{ name }}__hits as (
    select
        voidable.*,
        voids.event_number as void_number,
        voids.event_id as void_id,
        {{ '-voids.void_value' if void.value else '-voidable.added' }} as voided,
        row_number() over (
            partition by voidable.event_number order by voids.event_number
        ) as void_rank
    from {{ name }}__voidable as voidable
    inner join {{ name }}__voids as voids
        on
            voidable.void_key = voids.void_key
            and voidable.booked_at <= voids.booked_at
            {%- if void.within_days %}
            and voids.booked_at < {{ northstar.add_seconds(
                'voidable.booked_at', void.within_days * 86400) }}
            {%- endif %}
),
{%- if is_net %}

-- {{ name }}: which subtracts on its own date what it voids
{{ name }}__voided as (
    select
        coalesce(hits.source_name, found.source_name) as source_name,
        coalesce(hits.event_id, found.event_id) as event_id,
        found.event_name,
        found.occurred_at,
        coalesce(hits.entity_id, found.entity_id) as entity_id,
        found.is_void,
        found.booked_at,
        coalesce(hits.booked_at, found.booked_at) as eligible_at,
        found.booked_date,
        found.uncapped,
        case when found.is_void then hits.voided else found.added end as added,
        case
            when found.is_void and hits.voided is null then 'no_value'
            when not found.is_void then found.value_reason
        end as value_reason,
        found.distinct_value,
        case when not found.is_void then found.actor_id end as actor_id,
        found.rejected_at_step,
        found.rejection,
        found.where_reason,
        {%- if metric.nth %}
        found.event_rank,
        found.nth_reason,
        {%- endif %}
        {%- if event_states %}
        case
            when found.is_void then hits.missing_state else found.missing_state
        end as missing_state,
        {%- endif %}
        case
            when found.is_void and hits.void_number is null then 'void_of_nothing'
        end as void_reason,
        hits.void_id as void_detail
    from {{ found.name }} as found
    left join {{ name }}__hits as hits
        on found.event_number = hits.void_number and hits.void_rank = 1
),
{%- else %}

{{ name }}__effective_voids as (
    select distinct void_number
    from {{ name }}__hits
    where void_rank = 1
),

{{ name }}__voided as (
    select
        found.*,
        case
            when found.is_void and voids.void_number is not null then 'void'
            when found.is_void then 'void_of_nothing'
            when hits.void_id is not null then 'voided'
        end as void_reason,
        hits.void_id as void_detail
    from {{ found.name }} as found
    left join {{ name }}__hits as hits
        on found.event_number = hits.event_number and hits.void_rank = 1
    left join {{ name }}__effective_voids as voids
        on found.event_number = voids.void_number
),
{%- endif %}
{%- set found.name = name ~ '__voided' %}
{%- set found.stands = found.stands ~ ' and void_reason is null' %}
{%- endif %}
{%- endfor %}
{%- set eligible_at = 'found.eligible_at' if is_net else 'found.booked_at' %}

-- {{ name }}: step 11, the window; step 12, eligibility at the event; step 13, the value
{{ name }}__windowed as (
    select
        found.*,
        {%- if window.kind == 'rolling' %}
        windows.period_start,
        case when windows.period_start is null then 'in_no_window' end as window_reason,
        {%- elif window.kind == 'since_anchor' %}
        coalesce(
            {{ northstar.period_start(
                '(' ~ northstar.local_date('anchors.anchor_at') ~ ')', window.grain
            ) }},
            {{ northstar.period_start('found.booked_date', window.grain) }}
        ) as period_start,
        case
            when found.booked_at < anchors.anchor_at then 'before_anchor'
            when found.booked_at >= {{ northstar.add_seconds(
                'anchors.anchor_at', window.seconds) }}
                then 'after_anchor_window'
        end as window_reason,
        {%- else %}
        {{ northstar.period_start('found.booked_date', window.grain) }} as period_start,
        {{ no_text }} as window_reason,
        {%- endif %}
        {%- if anchor_ages or event_states %}
        case
            {%- for age in anchor_ages %}
            when
                {{ eligible_at }} < anchors.anchor_at
                or not {{ eligible_at }} {{ age.operator }} {{ northstar.add_seconds(
                    'anchors.anchor_at', age.seconds) }}
                then 'not_of_age'
            {%- endfor %}
            {%- if event_states %}
            when found.missing_state is not null then 'not_in_state'
            {%- endif %}
        end as eligibility_reason
        {%- else %}
        {{ no_text }} as eligibility_reason
        {%- endif %}
    from {{ found.name }} as found
    {%- if window.kind == 'rolling' %}
    left join {{ ref('int_northstar__periods') }} as windows
        on
            windows.window_name = '{{ window.name }}'
            and found.booked_date >= windows.period_start
            and found.booked_date < windows.period_end
    {%- endif %}
    {%- if window.kind == 'since_anchor' or anchor_ages %}
    left join {{ ref('int_northstar__entities') }} as anchors
        on
            anchors.entity_type = '{{ metric.entity }}'
            and found.entity_id = anchors.entity_id
    {%- endif %}
),
{%- set found.name = name ~ '__windowed' %}

{{ name }}__standing as (
    select
        *,
        {{ found.stands }}
        and window_reason is null
        and eligibility_reason is null
        and value_reason is null as stands
    from {{ found.name }}
),
{%- set found.name = name ~ '__standing' %}
{%- set life = 'entity_id, stands'
    ~ (', period_start' if window.kind in ('calendar', 'rolling') else '') %}

{{ name }}__added as (
    select
        *,
        {%- if metric.distinct %}
        row_number() over (
            partition by {{ life }}, distinct_value order by {{ by_time }}
        ) > 1 as is_repeated,
        {%- else %}
        false as is_repeated,
        {%- endif %}
        {%- if metric.actors %}
        case
            when stands and actor_id is not null and row_number() over (
                partition by {{ life }}, actor_id order by {{ by_time }}
            ) = 1 then 1
            else 0
        end as new_actor
        {%- else %}
        0 as new_actor
        {%- endif %}
    from {{ found.name }}
),

{{ name }}__amounts as (
    select
        *,
        case when stands and is_repeated then 0 when stands then added end as amount
    from {{ name }}__added
),
{%- set found.name = name ~ '__amounts' %}
{%- if window.book == 'completion' %}

-- {{ name }}: booked in the period of the event that reached the threshold
{{ name }}__running as (
    select
        *,
        sum(amount) over (
            partition by entity_id, stands order by {{ by_time_voids_last }}
            rows between unbounded preceding and current row
        ) as running_measure,
        sum(new_actor) over (
            partition by entity_id, stands order by {{ by_time_voids_last }}
            rows between unbounded preceding and current row
        ) as running_actors
    from {{ name }}__amounts
),

{{ name }}__completions as (
    select
        entity_id,
        min({{ northstar.period_start('booked_date', window.grain) }}) as completed_start
    from {{ name }}__running
    where
        stands
        and not is_void
        {%- if metric.at_least is not none %}
        and running_measure >= {{ metric.at_least }}
        {%- endif %}
        {%- if metric.actors %}
        and running_actors >= {{ metric.actors.at_least or 1 }}
        {%- endif %}
    group by entity_id
),

{{ name }}__completed as (
    select
        found.*,
        coalesce(
            completions.completed_start,
            {{ northstar.period_start('found.booked_date', window.grain) }}
        ) as completed_start,
        found.stands and completions.entity_id is null as is_incomplete
    from {{ found.name }} as found
    left join {{ name }}__completions as completions
        on found.entity_id = completions.entity_id
),
{%- set found.name = name ~ '__completed' %}
{%- endif %}
{%- set is_incomplete = 'is_incomplete' if window.book == 'completion' else 'false' %}

{{ name }}__explained as (
    select
        '{{ name }}' as metric_name,
        {{ 'completed_start as ' if window.book == 'completion' }}period_start,
        entity_id,
        source_name,
        event_id,
        event_name,
        occurred_at,
        booked_at,
        is_void,
        case when not is_void then uncapped end as uncapped,
        case when not {{ is_incomplete }} then amount end as amount,
        distinct_value,
        actor_id,
        new_actor,
        case
            when rejection is not null then rejected_at_step
            when where_reason is not null then 8
            {%- if void %}
            when void_reason is not null then 9
            {%- endif %}
            {%- if metric.nth %}
            when nth_reason is not null then 10
            {%- endif %}
            when window_reason is not null then 11
            when eligibility_reason is not null then 12
            when value_reason is not null then 13
            when {{ is_incomplete }} then 14
        end as dropped_at_step,
        coalesce(
            rejection,
            where_reason,
            {{ 'void_reason,' if void }}
            {{ 'nth_reason,' if metric.nth }}
            window_reason,
            eligibility_reason,
            value_reason,
            case
                when {{ is_incomplete }} then 'not_completed'
                when is_repeated then 'counted_already'
            end
        ) as reason,
        case
            when rejection is not null or where_reason is not null then null
            {%- if void %}
            when void_detail is not null then void_detail
            {%- endif %}
            {%- if metric.nth %}
            when nth_reason is not null
                then cast(event_rank as {{ northstar.text_type() }})
            {%- endif %}
            {%- if event_states %}
            when window_reason is null and eligibility_reason = 'not_in_state'
                then missing_state
            {%- endif %}
            when is_repeated then distinct_value
        end as detail
    from {{ found.name }}
),
{%- endfor %}

explained as (
    {%- for metric in metrics %}
    select * from {{ metric.name }}__explained
    {{ 'union all' if not loop.last }}
    {%- else %}
    select
        {{ no_text }} as metric_name,
        cast(null as date) as period_start,
        {{ no_text }} as entity_id,
        source_name,
        event_id,
        event_name,
        occurred_at,
        occurred_at as booked_at,
        false as is_void,
        {{ no_number }} as uncapped,
        {{ no_number }} as amount,
        {{ no_text }} as distinct_value,
        {{ no_text }} as actor_id,
        0 as new_actor,
        rejected_at_step as dropped_at_step,
        rejection as reason,
        {{ no_text }} as detail
    from events
    where 1 = 0
    {%- endfor %}
)

select
    metric_name,
    period_start,
    entity_id,
    source_name,
    event_id,
    event_name,
    occurred_at,
    booked_at,
    is_void,
    uncapped,
    amount,
    distinct_value,
    actor_id,
    new_actor,
    dropped_at_step,
    reason,
    detail
from explained
