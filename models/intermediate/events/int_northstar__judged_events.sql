{#-
    Steps 4 to 7. Every event once, with its person and its disposition: erased, what it
    is excluded for, no_consent, or accepted.
-#}

{%- set columns = northstar.event_columns() -%}
{%- set names = columns | map(attribute='name') | list -%}
{%- set has_people = northstar.has_people() -%}
{%- set has_identity = northstar.has_identity() -%}
{%- set keys = {} -%}
{%- if has_people -%}{%- do keys.update({'person': 'person_id'}) -%}{%- endif -%}
{%- if 'anonymous_id' in names -%}
    {%- do keys.update({'anonymous': 'anonymous_id'}) -%}
{%- endif -%}
{%- if 'account_id' in names -%}
    {%- do keys.update({'account': 'account_id'}) -%}
{%- endif -%}
{%- set has_erasure = northstar.has_input('northstar_erasure_requests') -%}
{%- set has_exclusions = northstar.has_input('northstar_exclusions') -%}
{%- set has_consent = northstar.has_input('northstar_consent') -%}

{#- What a row is put aside for, in the order of the ledger. -#}
{%- set rules = [] -%}
{%- if has_erasure -%}
    {%- set erased_keys = [] -%}
    {%- for key in keys if key != 'anonymous' -%}
        {%- do erased_keys.append('erased_' ~ key ~ '.key_id is not null') -%}
    {%- endfor -%}
    {%- do rules.append(('erased', erased_keys | join(' or '))) -%}
{%- endif -%}
{%- for reason, flag in [
    ('internal', 'is_internal'),
    ('bot', 'is_bot'),
    ('fraud', none),
    ('test', 'is_test'),
    ('excluded', none),
] -%}
    {%- set reason_order = loop.index -%}
    {%- set conditions = ['identified.' ~ flag] if flag in names else [] -%}
    {%- for key in keys if has_exclusions -%}
        {%- do conditions.append(
            'excluded_' ~ key ~ '.reason_order = ' ~ reason_order
        ) -%}
    {%- endfor -%}
    {%- if conditions -%}
        {%- do rules.append((reason, conditions | join(' or '))) -%}
    {%- endif -%}
{%- endfor -%}
{%- if has_consent -%}
    {%- do rules.append((
        'no_consent',
        'not coalesce(' ~ northstar.latest_consent(keys) ~ ', '
        ~ ('true' if var('northstar_consent_default') == 'granted' else 'false') ~ ')',
    )) -%}
{%- endif %}

with

events as (
    select * from {{ ref('int_northstar__distinct_events') }}
),
{% if has_identity %}
identities as (
    select * from {{ ref('int_northstar__identities') }}
),
{% endif %}
identified as (
    select
        events.*
        {%- if has_people %},
        {%- if has_identity %}
        coalesce(
            identities.canonical_id, {{ northstar.raw_person_id() }}
        ) as person_id,
        {{ 'events.user_id is not null or' if 'user_id' in names }}
        coalesce(identities.is_known, false) as is_known_person
        {%- else %}
        {{ northstar.raw_person_id() }} as person_id,
        {{ 'user_id is not null' if 'user_id' in names else 'false' }} as is_known_person
        {%- endif %}
        {%- endif %}
    from events
    {%- if has_identity %}
    left join identities on identities.id = {{ northstar.raw_person_id() }}
    {%- endif %}
),

judged as (
    select
        identified.*,
        {% if rules -%}
        case
            {%- for disposition, condition in rules %}
            when {{ condition }} then '{{ disposition }}'
            {%- endfor %}
            else 'accepted'
        end as disposition
        {%- else -%}
        'accepted' as disposition
        {%- endif %}
    from identified
    {%- for key, column in keys.items() %}
    {%- if has_erasure and key != 'anonymous' %}
    left join {{ ref('int_northstar__erased_ids') }} as erased_{{ key }}
        on
            erased_{{ key }}.key_type = '{{ key }}'
            and identified.{{ column }} = erased_{{ key }}.key_id
    {%- endif %}
    {%- if has_exclusions %}
    left join {{ ref('int_northstar__exclusion_periods') }} as excluded_{{ key }}
        on
            excluded_{{ key }}.key_type = '{{ key }}'
            and identified.{{ column }} = excluded_{{ key }}.key_id
            and identified.occurred_at >= excluded_{{ key }}.valid_from
            and identified.occurred_at < excluded_{{ key }}.valid_to
    {%- endif %}
    {%- if has_consent %}
    left join {{ ref('int_northstar__consent_periods') }} as consent_{{ key }}
        on
            consent_{{ key }}.key_type = '{{ key }}'
            and identified.{{ column }} = consent_{{ key }}.key_id
            and identified.occurred_at >= consent_{{ key }}.valid_from
            and identified.occurred_at < consent_{{ key }}.valid_to
    {%- endif %}
    {%- endfor %}
)

select
    source_name,
    event_id,
{%- for column in columns if column.name not in ('event_id', 'loaded_at') %}
    {{ column.name }},
{%- endfor %}
    {%- if has_people %}
    person_id,
    is_known_person,
    {%- endif %}
    local_date,
    disposition
from judged
