{{ config(meta={
    'northstar_definitions': var('northstar_metrics', {}),
    'northstar_experiments': var('northstar_experiments', {}),
}) }}

with

definitions as (
    {%- for metric in northstar.metrics() + northstar.previous_versions() %}
    {%- set said = metric.governance %}
    {%- set owners = said.owners or {} %}
    select
        '{{ metric.published_name or metric.name }}' as metric_name,
        {{ metric.version }} as metric_version,
        {{ 'true' if metric.is_north_star else 'false' }} as is_north_star,
        {{ northstar.text_literal(said.label or metric.name) }} as label,
        '{{ metric.level }}' as level,
        {{ northstar.text_literal(northstar.joined(said.drives)) }} as drives,
        {{ northstar.text_literal(said.edge) }} as edge,
        {{ northstar.text_literal(said.type) }} as metric_type,
        '{{ metric.entity }}' as entity_type,
        '{{ metric.window.kind }}' as window_kind,
        '{{ metric.window.grain }}' as grain,
        {{ northstar.text_literal(said.plain_language) }} as plain_language,
        {{ northstar.text_literal(northstar.joined(said.counts)) }} as counts,
        {{ northstar.text_literal(northstar.joined(said.does_not_count)) }}
            as does_not_count,
        {{ northstar.text_literal(said.why) }} as why,
        {{ northstar.text_literal(owners.sponsor) }} as owner_sponsor,
        {{ northstar.text_literal(owners.data) }} as owner_data,
        {{ northstar.text_literal(owners.functional) }} as owner_functional,
        {{ northstar.text_literal(said.unit) }} as unit,
        {{ northstar.text_literal(said.direction or 'up') }} as direction,
        {{ northstar.text_literal(northstar.joined(said.guardrails)) }} as guardrails,
        {{ northstar.text_literal(metric.hash) }} as definition_hash,
        {{ northstar.date_literal(said.effective_from) }} as effective_from,
        {{ northstar.date_literal(said.review_due) }} as review_due,
        {{ northstar.text_literal(said.approved_by) }} as approved_by,
        {{ northstar.rounded('null' if said.target is undefined else said.target) }}
            as target
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    metric_name,
    metric_version,
    is_north_star,
    label,
    level,
    drives,
    edge,
    metric_type,
    entity_type,
    window_kind,
    grain,
    plain_language,
    counts,
    does_not_count,
    why,
    owner_sponsor,
    owner_data,
    owner_functional,
    unit,
    direction,
    guardrails,
    definition_hash,
    effective_from,
    review_due,
    approved_by,
    target
from definitions
