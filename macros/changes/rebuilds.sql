{#-
    Whether a stored table is built whole in this run, in place of being brought up to
    date: it is not there, the run is a full refresh, or what was stored was made by
    other rules.

    Example: {% if not northstar.rebuilds('facts') %} where ... {% endif %}

    storage  'facts': what is read off the raw events; other rules are another mapping
             or raw rows that have gone. 'definitions': what is counted by them; other
             rules are another definition or setting as well.
    model    the stored table, where the asking model is not that table itself

    any_rebuilds(storage, models)  whether one of these is, of those switched on
-#}
{% macro rebuilds(storage, model=none) -%}
    {{ return(northstar.rebuild_reason(storage, model) != '') }}
{%- endmacro %}

{% macro any_rebuilds(storage, models) -%}
    {%- for model in models
        if not execute or 'model.northstar.' ~ model in graph.nodes -%}
        {%- if northstar.rebuilds(storage, model) -%}{{ return(true) }}{%- endif -%}
    {%- endfor -%}
    {{ return(false) }}
{%- endmacro %}

{#- Why, in words that end a sentence; '' if it does not. -#}
{% macro rebuild_reason(storage, model=none) -%}
    {%- set loads = ref('northstar', 'int_northstar__loads') -%}
    {%- if not execute -%}
        {#- while dbt parses, it is to see every relation that a run can need -#}
        {{ return('') }}
    {%- elif flags.FULL_REFRESH -%}
        {{ return('all of it is') }}
    {%- endif -%}
    {%- set stored = northstar.stored(model) if model else load_relation(this) -%}
    {%- if stored is none or load_relation(loads) is none -%}
        {{ return('there is none yet') }}
    {%- endif -%}
    {%- set answer = northstar._rules_of_storage(loads) -%}
    {%- if answer[0] is none -%}
        {{ return('no complete run is on record') }}
    {%- elif answer[0] == 2 -%}
        {{ return('raw events that had been read are gone') }}
    {%- elif answer[0] == 1 -%}
        {{ return('the mapping of the events changed') }}
    {%- elif storage == 'definitions' and answer[1] == 1 -%}
        {{ return('definitions or settings changed') }}
    {%- endif -%}
    {{ return('') }}
{%- endmacro %}

{#- Asked once a run: whoever asks is built after the loads. -#}
{% macro _rules_of_storage(loads) -%}
    {%- set known = northstar.recall('rules_of_storage') -%}
    {%- if known is not none -%}{{ return(known) }}{%- endif -%}
    {%- set row = run_query(
        'select max(rebuilds_facts), max(rebuilds_definitions) from ' ~ loads
    ).rows[0] -%}
    {{ return(northstar.remember('rules_of_storage', [row[0], row[1]])) }}
{%- endmacro %}

{#-
    The relation of one of the package's models as it stands in the warehouse; none where
    it is not there, or the model is switched off. For what a run has to know of tables
    that it builds later, where ref() would be a cycle.
-#}
{% macro stored(model) -%}
    {%- if not execute -%}{{ return(none) }}{%- endif -%}
    {%- set node = graph.nodes.get('model.northstar.' ~ model) -%}
    {%- if not node -%}{{ return(none) }}{%- endif -%}
    {{ return(adapter.get_relation(node.database, node.schema, node.alias)) }}
{%- endmacro %}
