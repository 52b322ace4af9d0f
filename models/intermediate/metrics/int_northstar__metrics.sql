{#-
    The definitions as rows: what the totals need to know of each computed metric. One
    row per metric, and per part of a ratio.
-#}

with

metrics as (
    {%- for metric in northstar.computed_metrics() %}
    select
        '{{ metric.name }}' as metric_name,
        {{ metric.version }} as metric_version,
        '{{ metric.published_name or metric.part_of or metric.name }}'
            as published_name,
        '{{ metric.configured_name or metric.name }}' as configured_name,
        {{ 'true' if metric.is_north_star else 'false' }} as is_north_star,
        {{ 'false' if metric.part_of else 'true' }} as is_published,
        {{ northstar.date_literal(metric.published_until) }} as published_until,
        '{{ metric.side }}' as part,
        '{{ metric.entity }}' as entity_type,
        '{{ metric.window.kind }}' as window_kind,
        '{{ metric.window.name }}' as window_name,
        '{{ metric.window.grain }}' as grain,
        '{{ metric.measure }}' as measure_kind,
        {{ northstar.rounded('null' if metric.at_least is none else metric.at_least) }}
            as at_least,
        {{ metric.actors.at_least or 1 if metric.actors else 0 }} as actors_at_least,
        '{{ metric.total }}' as total,
        cast({{ metric.unit_scale }} as {{ northstar.scale_type() }}) as unit_scale,
        {{ northstar.waiting_seconds(metric) }} as waiting_seconds
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    metric_name,
    metric_version,
    published_name,
    configured_name,
    is_north_star,
    is_published,
    published_until,
    part,
    entity_type,
    window_kind,
    window_name,
    grain,
    measure_kind,
    at_least,
    actors_at_least,
    total,
    unit_scale,
    waiting_seconds
from metrics
