{#-
    The events that a definition names and cannot use, by what they lack: the entity,
    the booking time or the measured column. One row per metric, period and reason.
-#}

{%- set metrics = [] -%}
{%- for metric in northstar.metrics() + northstar.previous_versions() -%}
    {%- set parts = metric.parts.values() if metric.ratio else [metric] -%}
    {%- set parts = parts | rejectattr('state') | list -%}
    {%- if parts -%}{%- do metrics.append((metric, parts)) -%}{%- endif -%}
{%- endfor %}
{#-
    Few rows lack anything: they are found before the metrics look, and by the ids that
    the rows carry themselves, so that identities need not be joined to the others.
-#}
{%- set lacking = [] -%}
{%- for metric, parts in metrics -%}
    {%- for part in parts -%}
        {%- set lacks = [
            (northstar.raw_person_id() if part.entity_column == 'user_id'
                else part.entity_column) ~ ' is null',
        ] -%}
        {%- if part.events | map(attribute='at') | reject('equalto', 'occurred_at')
            | list -%}
            {%- do lacks.append(northstar.booked_at(part) ~ ' is null') -%}
        {%- endif -%}
        {%- if part.measure != 'count' -%}
            {%- do lacks.append(northstar.amount(part) ~ ' is null') -%}
        {%- endif -%}
        {%- do lacking.append(
            northstar.event_predicate(part) ~ ' and (' ~ lacks | join(' or ') ~ ')'
        ) -%}
    {%- endfor -%}
{%- endfor %}

with

events as (
    select * from {{ ref('int_northstar__events') }}
    where
        disposition = 'accepted'
        and (
            {%- for condition in lacking | unique %}
            ({{ condition }}){{ ' or' if not loop.last }}
            {%- else %}
            1 = 0
            {%- endfor %}
        )
),
{% for metric, parts in metrics %}
{%- set missing = {'entity': [], 'time': [], 'value': []} %}
{%- set dates = [] %}
{%- for part in parts %}
    {%- set named = '' if parts | length == 1
        else northstar.event_predicate(part) ~ ' and ' %}
    {%- do missing.entity.append(named ~ northstar.entity_id(part) ~ ' is null') %}
    {%- do missing.time.append(named ~ northstar.booked_at(part) ~ ' is null') %}
    {%- if part.measure != 'count' %}
        {%- do missing.value.append(named ~ northstar.amount(part) ~ ' is null') %}
    {%- endif %}
    {%- do dates.append(
        'when ' ~ northstar.event_predicate(part) ~ ' then '
        ~ 'coalesce(' ~ northstar.booked_date(part) ~ ', local_date)'
    ) %}
{%- endfor %}
{{ metric.name }}__lacking as (
    select
        '{{ metric.name }}' as metric_name,
        '{{ metric.window.name }}' as window_name,
        {%- if parts | map(attribute='events') | sum(start=[]) | map(attribute='at')
            | reject('equalto', 'occurred_at') | list %}
        case {{ dates | join(' ') }} end as booked_date,
        {%- else %}
        local_date as booked_date,
        {%- endif %}
        case
            when {{ missing.entity | join(' or ') }} then 'entity'
            when {{ missing.time | join(' or ') }} then 'time'
            else 'value'
        end as missing
    from events
    where
        {%- if parts | length == 1 %}
        {{ northstar.event_predicate(parts[0]) }} and
        {%- endif %}
        ({{ (missing.entity + missing.time + missing.value) | join(' or ') }})
),
{% endfor %}
left_out as (
    {%- for metric, _ in metrics %}
    select * from {{ metric.name }}__lacking
    {{ 'union all' if not loop.last }}
    {%- else %}
    select
        event_name as metric_name,
        event_name as window_name,
        local_date as booked_date,
        event_name as missing
    from events
    where 1 = 0
    {%- endfor %}
),

counted as (
    select
        left_out.metric_name,
        periods.period_start,
        left_out.missing,
        count(*) as row_count
    from left_out
    inner join {{ ref('int_northstar__periods') }} as periods
        on
            left_out.window_name = periods.window_name
            and left_out.booked_date >= periods.period_start
            and left_out.booked_date < periods.period_end
    group by left_out.metric_name, periods.period_start, left_out.missing
)

select
    metric_name,
    period_start,
    missing,
    row_count
from counted
