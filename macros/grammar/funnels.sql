{#-
    The funnels, every default written out: those configured, in the order written, and
    last the one that comes with the North Star.

    funnels()            all of them
    segmented_funnels()  those of which some segment is known
    preset_funnel()      signup_to_value: from the anchor of the North Star's entity to
                         its first event that counts, within the longest activation
                         window; none where its entity has no anchor, where it is not
                         counted by calendar periods, where its ids last a day, or where
                         `northstar_funnels` has that name

    Example: {% for funnel in northstar.funnels() %}
    Output:  [{name: 'signup', entity: 'user', entity_column: 'user_id', grain: 'week',
               seconds: 604800, steps: [{event: 'signed_up', where: none}, ...],
               metric: none}]

    metric  of which the last step is the first event; none where steps are configured
-#}
{% macro funnels() -%}
    {%- set known = northstar.recall('funnels') -%}
    {%- if known is not none -%}{{ return(known) }}{%- endif -%}
    {%- set funnels = [] -%}
    {%- for name, funnel in (var('northstar_funnels', none) or {}).items()
        if funnel is mapping -%}
        {%- set steps = [] -%}
        {%- for step in funnel.steps -%}
            {%- do steps.append({'event': step.event, 'where': step.where or none}) -%}
        {%- endfor -%}
        {%- do funnels.append({
            'name': name,
            'entity': funnel.entity,
            'entity_column': var('northstar_entities')[funnel.entity].id,
            'steps': steps,
            'seconds': northstar.duration_seconds(funnel.window),
            'grain': funnel.grain or 'week',
            'metric': none,
        }) -%}
    {%- endfor -%}
    {%- set preset = northstar.preset_funnel() -%}
    {%- if preset is not none -%}{%- do funnels.append(preset) -%}{%- endif -%}
    {{ return(northstar.remember('funnels', funnels)) }}
{%- endmacro %}

{% macro segmented_funnels() -%}
    {{ return(
        northstar.funnels() if northstar.mapped_segments()
        else northstar.funnels() | rejectattr('metric') | list
    ) }}
{%- endmacro %}

{% macro preset_funnel() -%}
    {%- set name = 'signup_to_value' -%}
    {%- set refused = var('northstar_funnels', none) or {} -%}
    {%- set found = northstar.driver_metrics('calendar')
        | selectattr('is_north_star') | list -%}
    {%- set metric = found | first -%}
    {%- set anchor = var('northstar_entities')[metric.entity].anchor if found -%}
    {%- if not anchor or (name in refused and refused[name] is not sameas true) -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set events = metric.events | map(attribute='event') | unique | join(' or ') -%}
    {{ return({
        'name': name,
        'entity': metric.entity,
        'entity_column': metric.entity_column,
        'steps': [{'event': anchor, 'where': none}, {'event': events, 'where': none}],
        'seconds': (northstar.activation_windows() | max) * 86400,
        'grain': metric.window.grain,
        'metric': metric.name,
    }) }}
{%- endmacro %}
