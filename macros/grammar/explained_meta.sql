{#-
    What the companion needs to put an explanation in words: the definitions with every
    default written out, and which inputs there are. Kept with the model
    int_northstar__explained_events, in the manifest.
-#}
{% macro explained_meta() -%}
    {%- set definitions = {} -%}
    {%- for metric in northstar.computed_metrics() -%}
        {%- set definition = {} -%}
        {%- for key in (
            'entity', 'entity_column', 'events', 'state', 'void', 'nth', 'when',
            'actors', 'measure', 'distinct', 'at_least', 'window', 'total',
            'unit_scale',
        ) -%}
            {%- do definition.update({key: metric[key]}) -%}
        {%- endfor -%}
        {%- do definitions.update({metric.name: definition}) -%}
    {%- endfor -%}
    {%- for metric in northstar.metrics() if metric.ratio -%}
        {%- do definitions.update({metric.name: {
            'ratio': metric.ratio,
            'unit_scale': metric.unit_scale,
        }}) -%}
    {%- endfor -%}
    {%- set inputs = [] -%}
    {%- for input in ('exclusions', 'consent', 'erasure_requests')
        if northstar.has_input('northstar_' ~ input) -%}
        {%- do inputs.append(input) -%}
    {%- endfor -%}
    {{ return({
        'northstar_timezone': var('northstar_timezone'),
        'northstar_inputs': inputs,
        'northstar_definitions': definitions,
    }) }}
{%- endmacro %}
