{#-
    The configured funnels, every default written out, in the order written.

    Example: {% for funnel in northstar.funnels() %}
    Output:  [{name: 'signup', entity: 'user', entity_column: 'user_id', grain: 'week',
               seconds: 604800, steps: [{event: 'signed_up', where: none}, ...]}]
-#}
{% macro funnels() -%}
    {%- set known = northstar.recall('funnels') -%}
    {%- if known is not none -%}{{ return(known) }}{%- endif -%}
    {%- set funnels = [] -%}
    {%- for name, funnel in (var('northstar_funnels', none) or {}).items() -%}
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
        }) -%}
    {%- endfor -%}
    {{ return(northstar.remember('funnels', funnels)) }}
{%- endmacro %}
