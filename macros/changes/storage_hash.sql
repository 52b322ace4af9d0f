{#-
    What the stored rows depend on besides the data, as a hash: when it changes, they
    are built anew.

    storage_hash('facts')        the mapping of the events, with the types found in the
                                 warehouse, and the settings by which rows are screened
    storage_hash('definitions')  that, and every definition and setting

    Governance (owners, sentences, review dates) is in neither.
-#}
{% macro storage_hash(storage) -%}
    {%- set rules = {
        'layout': northstar.storage_layout(),
        'events': northstar.input_entries('northstar_events'),
        'columns': northstar.stored_columns(),
        'entities': var('northstar_entities'),
        'segments': northstar.declared_segments(),
        'timezone': var('northstar_timezone'),
        'min_event_date': var('northstar_min_event_date') | string,
        'timed_privacy': northstar.has_timed_privacy(),
    } -%}
    {%- if storage == 'definitions' -%}
        {%- set computing = [] -%}
        {%- for metric in northstar.metrics() + northstar.previous_versions() -%}
            {%- do computing.append([
                metric.name, metric.version, metric.hash, metric.published_until or none
            ]) -%}
        {%- endfor -%}
        {%- set settings = {} -%}
        {%- for name in northstar.config_schema() if name not in (
            'northstar_events', 'northstar_metrics', 'northstar_entities',
            'northstar_keep_versions',
        ) -%}
            {%- do settings.update({name: var(name, none)}) -%}
        {%- endfor -%}
        {%- do rules.update({'metrics': computing, 'settings': settings}) -%}
    {%- endif -%}
    {{ return(local_md5(tojson(rules, sort_keys=true))) }}
{%- endmacro %}

{#- Raised by whoever changes what a stored table holds. -#}
{% macro storage_layout() -%}
    {{ return(5) }}
{%- endmacro %}

{#- The columns of the staged events with the types that the warehouse gave them. -#}
{% macro stored_columns() -%}
    {%- set columns = [] -%}
    {%- for mapped in northstar.event_mappings() -%}
        {%- for column in mapped -%}
            {%- do columns.append(column.name ~ ' ' ~ column.type) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(columns) }}
{%- endmacro %}
