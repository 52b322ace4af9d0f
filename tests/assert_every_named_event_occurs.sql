{#-
    An event name that no accepted row carries is mostly a slip in a definition: its
    metric would be empty without a word. This warns and names it.
-#}

{{ config(severity='warn') }}

{%- set names = northstar.named_events() %}

with

named_events as (
    {%- for name in names %}
    select {{ northstar.text_literal(name) }} as event_name
    {{ 'union all' if not loop.last }}
    {%- else %}
    select event_name
    from {{ ref('int_northstar__events') }}
    where 1 = 0
    {%- endfor %}
),

events as (
    select distinct event_name
    from {{ ref('int_northstar__events') }}
    where disposition = 'accepted'
)

select named_events.event_name
from named_events
left join events on named_events.event_name = events.event_name
where events.event_name is null
