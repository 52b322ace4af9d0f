{#-
    Steps 8 to 12 for every metric that counts events: `where`, voids, the nth event,
    the window, event-time eligibility. One row per metric, event and period; a net void
    is a row of its own.

    amount is what the row adds to the measure: null where the measured column is null.
    A metric has only the steps that its definition writes.
-#}

{{ config(materialized=northstar.read_often()) }}

{%- set metrics = northstar.event_metrics() -%}
{%- set segments = northstar.mapped_segments() | map(attribute='column') | list -%}
{%- set uses_distinct = metrics | selectattr('distinct') | list -%}
{%- set uses_actors = metrics | selectattr('actors') | list -%}
{%- set by_time = 'booked_at, ' ~ northstar.byte_order('event_id') ~ ', '
    ~ northstar.byte_order('source_name') -%}
{#- at one instant, what happened comes before what takes it back -#}
{%- set by_time_voids_last = by_time.replace('booked_at, ', 'booked_at, is_void, ') -%}
{%- set uses = {'anchors': false, 'windows': false} -%}
{%- for metric in metrics -%}
    {%- if metric.window.kind == 'rolling' -%}{%- do uses.update({'windows': true}) -%}{%- endif -%}
    {%- if metric.window.kind == 'since_anchor'
        or metric.when | selectattr('kind', 'equalto', 'anchor_age') | list -%}
        {%- do uses.update({'anchors': true}) -%}
    {%- endif -%}
{%- endfor %}

with

events as (
    select * from {{ ref('int_northstar__recounted_events') }}
){{ ',' if metrics }}
{% if uses.anchors %}
anchors as (
    select
        entity_type,
        entity_id,
        anchor_at
    from {{ ref('int_northstar__entities') }}
),
{% endif %}
{%- if uses.windows %}
windows as (
    select
        window_name,
        period_start,
        period_end
    from {{ ref('int_northstar__periods') }}
),
{% endif %}
{%- for metric in metrics %}
{%- set name = metric.name -%}
{%- set window = metric.window -%}
{%- set void = metric.void -%}
{%- set is_net = void is not none and void.mode == 'net' -%}
{%- set other = metric.paired_with if metric.paired_with and metric.paired_with.events -%}
{%- set event_states = metric.when | selectattr('kind', 'equalto', 'state')
    | selectattr('at', 'equalto', 'event') | list -%}
{%- set anchor_ages = metric.when | selectattr('kind', 'equalto', 'anchor_age') | list -%}
{%- set last_step = namespace(name=name ~ '__found') %}
-- {{ name }}: step 8, the events it names
{{ name }}__found as (
    select
        {{ northstar.entity_id(metric) }} as entity_id,
        source_name,
        event_id,
        event_name,
        {{ northstar.booked_at(metric) }} as booked_at,
        {{ northstar.booked_date(metric) }} as booked_date,
        {%- if other and other.measure != 'count' %}
        case
            when not {{ northstar.is_unmeasured(other) }}
                then {{ northstar.amount(metric) }}
        end as amount,
        {%- else %}
        {{ northstar.amount(metric) }} as amount,
        {%- endif %}
        {%- if uses_distinct %}
        {{ northstar.distinct_value(metric) if metric.distinct
            else 'cast(null as ' ~ northstar.text_type() ~ ')' }} as distinct_value,
        {%- endif %}
        {%- if uses_actors %}
        {{ northstar.actor_id(metric) if metric.actors
            else 'cast(null as ' ~ northstar.text_type() ~ ')' }} as actor_id,
        {%- endif %}
        {%- for segment in northstar.mapped_segments() %}
        {{ northstar.segment_value(segment) }},
        {%- endfor %}
        {%- if void %}
        {{ northstar.canonical_column(void.key) }} as void_key,
        {%- endif %}
        false as is_void
    from events
    where
        {{ northstar.event_predicate(metric) }}
        and {{ northstar.entity_id(metric) }} is not null
        {%- if metric.events | map(attribute='at') | reject('equalto', 'occurred_at')
            | list %}
        and {{ northstar.booked_at(metric) }} is not null
        {%- endif %}
        {%- if other %}
        and not {{ northstar.is_unplaced(other) }}
        {%- endif %}
),
{%- if void %}

-- {{ name }}: step 9, the voids
{{ name }}__voids as (
    select
        {{ northstar.canonical_column(void.key) }} as void_key,
        occurred_at as voided_at,
        event_id,
        source_name{{ ',' if is_net and void.value }}
        {%- if is_net and void.value %}
        {{ void.value }} as void_value
        {%- endif %}
    from events
    where event_name = {{ northstar.string_literal(void.event) }}
),
{%- endif %}
{%- if void and not is_net %}

{{ name }}__standing as (
    select *
    from {{ last_step.name }} as found
    where not exists (
        select 1
        from {{ name }}__voids as voids
        where
            voids.void_key = found.void_key
            and voids.voided_at >= found.booked_at
            {%- if void.within_days %}
            and voids.voided_at < {{ northstar.add_seconds(
                'found.booked_at', void.within_days * 86400) }}
            {%- endif %}
    )
),
{%- set last_step.name = name ~ '__standing' %}
{%- endif %}
{%- if metric.nth %}

-- {{ name }}: step 10, rank over the entity's whole life
{{ name }}__ranked as (
    select
        *,
        row_number() over (partition by entity_id order by {{ by_time }}) as event_rank
    from {{ last_step.name }}
),

{{ name }}__nth as (
    select *
    from {{ name }}__ranked
    where
        event_rank >= {{ metric.nth.min }}
        {%- if metric.nth.max %}
        and event_rank <= {{ metric.nth.max }}
        {%- endif %}
),
{%- set last_step.name = name ~ '__nth' %}
{%- endif %}
{%- if is_net %}

-- {{ name }}: a net void subtracts on its own date; an event is voided once
{{ name }}__numbered as (
    select
        *,
        row_number() over (order by {{ by_time }}) as event_number
    from {{ last_step.name }}
),

{{ name }}__voided as (
    select
        found.*,
        voids.voided_at,
        {{ 'voids.void_value' if void.value else 'found.amount' }} as voided_amount,
        row_number() over (
            partition by found.event_number
            order by
                voids.voided_at,
                {{ northstar.byte_order('voids.event_id') }},
                {{ northstar.byte_order('voids.source_name') }}
        ) as void_rank
    from {{ name }}__numbered as found
    inner join {{ name }}__voids as voids
        on
            found.void_key = voids.void_key
            and found.booked_at <= voids.voided_at
            {%- if void.within_days %}
            and voids.voided_at < {{ northstar.add_seconds(
                'found.booked_at', void.within_days * 86400) }}
            {%- endif %}
    where found.amount is not null
),

{{ name }}__netted as (
    {%- for is_void in (false, true) %}
    select
        entity_id,
        source_name,
        event_id,
        event_name,
        {{ 'voided_at' if is_void else 'booked_at' }} as booked_at,
        {{ northstar.local_date('voided_at') if is_void else 'booked_date' }}
            as booked_date,
        booked_at as eligible_at,
        {{ '-voided_amount' if is_void else 'amount' }} as amount,
        {%- if uses_distinct %}
        distinct_value,
        {%- endif %}
        {%- if uses_actors %}
        {{ 'null' if is_void else 'actor_id' }} as actor_id,
        {%- endif %}
        {%- for segment in segments %}
        {{ 'null as ' if is_void }}{{ segment }},
        {%- endfor %}
        {{ 'true' if is_void else 'false' }} as is_void
    from {{ name }}__{{ 'voided' if is_void else 'numbered' }}
    {%- if is_void %}
    where void_rank = 1
    {%- else %}
    union all
    {%- endif %}
    {%- endfor %}
),
{%- set last_step.name = name ~ '__netted' %}
{%- endif %}
{%- set is_plain = window.kind in ('calendar', 'lifetime')
    and not event_states and not anchor_ages %}
{%- if not is_plain %}

-- {{ name }}: step 11, the window{{ '; step 12, eligibility' if event_states or anchor_ages }}
{{ name }}__windowed as (
    select
        found.*,
        {%- if window.kind == 'rolling' %}
        windows.period_start
        {%- elif window.kind == 'since_anchor' %}
        {{ northstar.period_start(
            '(' ~ northstar.local_date('anchors.anchor_at') ~ ')', window.grain
        ) }} as period_start
        {%- else %}
        {{ northstar.period_start('found.booked_date', window.grain) }} as period_start
        {%- endif %}
    from {{ last_step.name }} as found
    {%- if window.kind == 'rolling' %}
    inner join windows
        on
            windows.window_name = '{{ window.name }}'
            and found.booked_date >= windows.period_start
            and found.booked_date < windows.period_end
    {%- endif %}
    {%- if window.kind == 'since_anchor' or anchor_ages %}
    inner join anchors
        on
            anchors.entity_type = '{{ metric.entity }}'
            and found.entity_id = anchors.entity_id
            {%- if window.kind == 'since_anchor' %}
            and found.booked_at >= anchors.anchor_at
            and found.booked_at < {{ northstar.add_seconds(
                'anchors.anchor_at', window.seconds) }}
            {%- endif %}
            {%- set eligible_at = 'found.eligible_at' if is_net else 'found.booked_at' %}
            {%- for age in anchor_ages %}
            and {{ eligible_at }} >= anchors.anchor_at
            and {{ eligible_at }} {{ age.operator }} {{ northstar.add_seconds(
                'anchors.anchor_at', age.seconds) }}
            {%- endfor %}
    {%- endif %}
    {%- for condition in event_states %}
    {{ 'where' if loop.first else 'and' }} exists (
        select 1
        from {{ ref('int_northstar__states') }} as states
        where
            states.entity_type = '{{ metric.entity }}'
            and states.state = {{ northstar.string_literal(condition.state) }}
            and states.entity_id = found.entity_id
            and states.valid_from <= {{ 'found.eligible_at' if is_net
                else 'found.booked_at' }}
            and (
                states.valid_to is null
                or states.valid_to > {{ 'found.eligible_at' if is_net
                    else 'found.booked_at' }}
            )
    )
    {%- endfor %}
),
{%- set last_step.name = name ~ '__windowed' %}
{%- endif %}
{%- if window.kind == 'lifetime' and (metric.distinct or metric.actors) %}

-- {{ name }}: over a lifetime a value counts where it comes first
{{ name }}__first_values as (
    select
        found.*,
        {%- if metric.distinct %}
        row_number() over (
            partition by entity_id, distinct_value order by {{ by_time }}
        ) as value_occurrence{{ ',' if metric.actors }}
        {%- endif %}
        {%- if metric.actors %}
        row_number() over (
            partition by entity_id, actor_id, amount is null order by {{ by_time }}
        ) as actor_occurrence
        {%- endif %}
    from {{ last_step.name }} as found
),
{%- set last_step.name = name ~ '__first_values' %}
{%- endif %}
{%- if window.book == 'completion' %}

-- {{ name }}: booked in the period of the event that reached the threshold
{{ name }}__steps as (
    select
        found.*,
        {%- if metric.actors %}
        case
            when amount is not null and actor_id is not null and row_number() over (
                partition by entity_id, actor_id, amount is null order by {{ by_time }}
            ) = 1 then 1
            else 0
        end as actor_step,
        {%- endif %}
        {%- if metric.distinct %}
        case
            when amount is not null and row_number() over (
                partition by entity_id, distinct_value order by {{ by_time }}
            ) = 1 then 1
            else 0
        end as step
        {%- else %}
        amount as step
        {%- endif %}
    from {{ last_step.name }} as found
),

{{ name }}__running as (
    select
        found.*,
        {%- if metric.actors %}
        sum(actor_step) over (
            partition by entity_id order by {{ by_time_voids_last }}
            rows between unbounded preceding and current row
        ) as running_actors,
        {%- endif %}
        sum(step) over (
            partition by entity_id order by {{ by_time_voids_last }}
            rows between unbounded preceding and current row
        ) as running_measure
    from {{ name }}__steps as found
),

{{ name }}__completions as (
    select
        entity_id,
        min({{ northstar.period_start('booked_date', window.grain) }}) as completed_start
    from {{ name }}__running
    where
        not is_void
        and amount is not null
        {%- if metric.at_least is not none %}
        and running_measure >= {{ metric.at_least }}
        {%- endif %}
        {%- if metric.actors %}
        and running_actors >= {{ metric.actors.at_least or 1 }}
        {%- endif %}
    group by entity_id
),

{{ name }}__completed as (
    {#- what never completes is in no period, but opens the metric's life #}
    select
        found.*,
        {{ northstar.period_start('found.booked_date', window.grain) }}
            as completed_start,
        false as is_booked
    from {{ last_step.name }} as found
    union all
    select
        found.*,
        completions.completed_start,
        true as is_booked
    from {{ last_step.name }} as found
    inner join {{ name }}__completions as completions
        on found.entity_id = completions.entity_id
),
{%- set last_step.name = name ~ '__completed' %}
{%- endif %}
{{ '-- ' ~ name ~ ': step 11, the window' if is_plain }}
{{ name }}__booked as (
    select
        '{{ name }}' as metric_name,
        entity_id,
        source_name,
        event_id,
        event_name,
        booked_at,
        booked_date,
        {{ 'eligible_at' if is_net else 'booked_at' }} as eligible_at,
        {%- if is_plain %}
        {{ northstar.period_start('booked_date', window.grain) }} as period_start,
        {%- else %}
        {{ 'completed_start as ' if window.book == 'completion' }}period_start,
        {%- endif %}
        {%- if window.kind == 'lifetime' and metric.distinct %}
        case
            when amount is null then null
            when value_occurrence = 1 then 1
            else 0
        end as amount,
        {%- elif window.book == 'completion' %}
        case when is_booked then amount end as amount,
        {%- else %}
        amount,
        {%- endif %}
        {%- if uses_distinct %}
        {{ 'null' if window.kind == 'lifetime' else 'distinct_value' }} as distinct_value,
        {%- endif %}
        {%- if uses_actors %}
        {{ 'case when actor_occurrence = 1 then actor_id end'
            if window.kind == 'lifetime' and metric.actors else 'actor_id' }} as actor_id,
        {%- endif %}
        {%- for segment in segments %}
        {{ segment }},
        {%- endfor %}
        is_void
    from {{ last_step.name }}
){{ ',' if not loop.last }}
{% endfor %}
{% for metric in metrics %}
select * from {{ metric.name }}__booked
{{ 'union all' if not loop.last }}
{%- else %}
select
    cast(null as {{ northstar.text_type() }}) as metric_name,
    cast(null as {{ northstar.text_type() }}) as entity_id
from events
where 1 = 0
{%- endfor %}
