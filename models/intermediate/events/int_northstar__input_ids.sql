{#-
    What the inputs beside the events say of each id, as a hash, now and when the last
    complete run had read it. One row per input, kind of id and id; an id that is no
    longer in its input has a row until a run has completed. Links are not here: what
    they change, the identities show.
-#}

{{ config(
    materialized='northstar_table',
    enabled=northstar.has_input('northstar_exclusions')
        or northstar.has_input('northstar_consent')
        or northstar.has_input('northstar_erasure_requests')
        or northstar.has_input('northstar_states'),
) }}

{%- set known = load_relation(this) is not none and not flags.FULL_REFRESH -%}
{%- set inputs = [] -%}
{%- for input, id_type, id, columns in [
    ('exclusions', 'id_type', 'id', ['reason', 'valid_from', 'valid_to']),
    ('consent', 'id_type', 'id', ['purpose', 'status', 'valid_from', 'valid_to']),
    ('erasure_requests', 'id_type', 'id', ['id']),
    ('states', 'entity', 'entity_id', ['state', 'valid_from', 'valid_to', 'value']),
] if northstar.has_input('northstar_' ~ input) -%}
    {%- do inputs.append((input, id_type, id, columns)) -%}
{%- endfor %}

with

{% for input, id_type, id, columns in inputs -%}
{{ input }} as (
    select
        '{{ input }}' as input_name,
        {{ id_type }} as id_type,
        {{ id }} as id,
        {{ northstar.hash_of_rows(columns) }} as row_hash
    from {{ ref('stg_northstar__' ~ input) }}
    where {{ id_type }} is not null and {{ id }} is not null
    group by {{ id_type }}, {{ id }}
),

{% endfor -%}
current_ids as (
    {%- for input, _, _, _ in inputs %}
    select * from {{ input }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
){{ ',' if known }}
{% if known %}
known as (
    select * from {{ this }}
    where row_hash is not null or seen_row_hash is not null
)

select
    coalesce(current_ids.input_name, known.input_name) as input_name,
    coalesce(current_ids.id_type, known.id_type) as id_type,
    coalesce(current_ids.id, known.id) as id,
    current_ids.row_hash,
    known.seen_row_hash,
    coalesce(current_ids.row_hash, '') <> coalesce(known.seen_row_hash, '')
        as is_changed
from current_ids
full join known
    on
        current_ids.input_name = known.input_name
        and current_ids.id_type = known.id_type
        and current_ids.id = known.id
{%- else %}

select
    input_name,
    id_type,
    id,
    row_hash,
    cast(null as {{ northstar.text_type() }}) as seen_row_hash,
    true as is_changed
from current_ids
{%- endif %}
