{#-
    The configured metrics, every default written out, in the order written. The one
    place that turns what a project wrote into what the models read.

    Example: {% for metric in northstar.metrics() %}
-#}
{% macro metrics() -%}
    {%- if not execute -%}
        {%- do northstar.assert_valid_config() -%}
    {%- endif -%}
    {%- set known = northstar.recall('metrics') -%}
    {%- if known is not none -%}{{ return(known) }}{%- endif -%}
    {%- set metrics = [] -%}
    {%- for name, definition in var('northstar_metrics', {}).items() -%}
        {%- do metrics.append(northstar.metric(name, definition)) -%}
    {%- endfor -%}
    {{ return(northstar.remember('metrics', metrics)) }}
{%- endmacro %}

{#-
    The versions that were in force before and are still published, one entry for each:
    what `previous` says. `name` tells it from the new version inside the package, and
    `published_name` is what both are called.
-#}
{% macro previous_versions() -%}
    {%- set known = northstar.recall('previous_versions') -%}
    {%- if known is not none -%}{{ return(known) }}{%- endif -%}
    {%- set versions = [] -%}
    {%- for name, definition in var('northstar_metrics', {}).items()
        if definition.previous -%}
        {%- set governance = dict(definition) -%}
        {%- do governance.pop('target', none) -%}
        {%- for key in northstar.said_of_a_version() -%}
            {%- do governance.update({key: definition.previous[key] or none}) -%}
        {%- endfor -%}
        {%- set version = northstar.metric(name, definition.previous) -%}
        {%- do version.update({
            'name': name ~ '__v' ~ version.version,
            'published_name': name,
            'level': definition.level or 'input',
            'governance': governance,
            'published_until': northstar.overlap_end(
                definition.effective_from, version.window, definition.previous.overlap
            ),
        }) -%}
        {%- do versions.append(version) -%}
    {%- endfor -%}
    {{ return(northstar.remember('previous_versions', versions)) }}
{%- endmacro %}

{#- What a version says of itself; the rest of the governance is the metric's. -#}
{% macro said_of_a_version() -%}
    {{ return([
        'version', 'effective_from', 'approved_by', 'plain_language', 'counts',
        'does_not_count', 'why',
    ]) }}
{%- endmacro %}

{#- The day on which the first period begins that has the new version alone. -#}
{% macro overlap_end(effective_from, window, periods) -%}
    {%- set from = modules.datetime.datetime.strptime(effective_from | string, '%Y-%m-%d') -%}
    {%- set months = {'month': 1, 'quarter': 3}.get(window.name, 0) * periods -%}
    {%- if months -%}
        {%- set month = from.year * 12 + from.month - 1 + months -%}
        {{ return('%04d-%02d-01' % (month // 12, month % 12 + 1)) }}
    {%- endif -%}
    {%- set days = window.days or {'day': 1, 'week': 7}[window.name] -%}
    {{ return((from + modules.datetime.timedelta(days=days * periods)).strftime('%Y-%m-%d')) }}
{%- endmacro %}

{% macro metric(name, definition) -%}
    {%- set computing = northstar.ratio_definition(definition) if definition.ratio
        else northstar.plain_definition(definition) -%}
    {%- set metric = {
        'name': name,
        'version': definition.version or 1,
        'level': definition.level or 'input',
        'is_north_star': definition.level == 'north_star',
        'part_of': none,
        'side': 'whole',
        'unit_scale': 1,
        'ratio': none,
        'governance': definition,
        'hash': local_md5(tojson(computing, sort_keys=true)),
    } -%}
    {%- do metric.update(computing) -%}
    {{ return(metric) }}
{%- endmacro %}

{% macro ratio_definition(definition) -%}
    {%- set parts = {} -%}
    {%- for part in definition.ratio -%}
        {%- do parts.update({
            part: northstar.plain_definition(var('northstar_metrics')[part])
        }) -%}
    {%- endfor -%}
    {%- set numerator = parts[definition.ratio[0]] -%}
    {{ return({
        'ratio': definition.ratio,
        'parts': parts,
        'entity': numerator.entity,
        'window': numerator.window,
        'unit_scale': definition.unit_scale or 1,
    }) }}
{%- endmacro %}

{% macro plain_definition(definition) -%}
    {%- set per_entity = definition.per_entity or {} -%}
    {%- set measure = 'distinct' if 'distinct' in per_entity
        else 'sum' if 'sum' in per_entity
        else 'count' -%}
    {%- set void = northstar.void_definition(definition.void) -%}
    {%- set is_net = void is not none and void.mode == 'net' -%}
    {%- set default_at_least = none if measure == 'sum' or is_net or definition.state
        else 1 -%}
    {%- set entity = var('northstar_entities')[definition.entity] -%}
    {{ return({
        'entity': definition.entity,
        'entity_column': entity.id,
        'anchor': entity.anchor or none,
        'events': northstar.event_entries(definition.events, measure),
        'state': northstar.state_definition(definition.state),
        'void': void,
        'nth': {
            'min': definition.nth.min or 1,
            'max': definition.nth.max or none,
        } if definition.nth else none,
        'when': northstar.eligibility(definition.when),
        'actors': definition.actors or none,
        'measure': measure,
        'distinct': per_entity.distinct or none,
        'at_least': per_entity.get('at_least', default_at_least),
        'window': northstar.window(definition.window),
        'total': definition.total or none,
        'unit_scale': definition.unit_scale or 1,
    }) }}
{%- endmacro %}

{% macro event_entries(events, measure) -%}
    {%- set entries = [] -%}
    {%- for entry in events or [] -%}
        {%- do entries.append({
            'event': entry.event,
            'where': entry.where or none,
            'at': entry.at or 'occurred_at',
            'value': (entry.value or 'value') if measure == 'sum' else none,
            'cap': entry.cap if entry.cap is defined else none,
        }) -%}
    {%- endfor -%}
    {{ return(entries) }}
{%- endmacro %}

{% macro state_definition(state) -%}
    {%- if not state -%}{{ return(none) }}{%- endif -%}
    {{ return({'name': state.name, 'value': state.value or none}) }}
{%- endmacro %}

{% macro void_definition(void) -%}
    {%- if not void or void.mode == 'ignore' -%}{{ return(none) }}{%- endif -%}
    {{ return({
        'event': void.event,
        'key': void.key,
        'within_days': void.within_days or none,
        'mode': void.mode or 'exclude',
        'value': void.value or none,
    }) }}
{%- endmacro %}

{% macro eligibility(when) -%}
    {%- set conditions = [] -%}
    {%- for condition in when or [] -%}
        {%- if condition.anchor_age -%}
            {%- set operator = modules.re.match('[<>]=?', condition.anchor_age).group() -%}
            {%- do conditions.append({
                'kind': 'anchor_age',
                'operator': operator,
                'seconds': northstar.duration_seconds(
                    condition.anchor_age[operator | length:]
                ),
            }) -%}
        {%- else -%}
            {%- do conditions.append({
                'kind': 'state',
                'state': condition.state,
                'at': condition.at,
            }) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(conditions) }}
{%- endmacro %}

{#- window.name keys int_northstar__periods; window.grain is what the marts publish. -#}
{% macro window(window) -%}
    {%- if window.rolling -%}
        {%- set step = window.step or '1d' -%}
        {{ return({
            'kind': 'rolling',
            'name': 'rolling_' ~ window.rolling ~ '_by_' ~ step,
            'grain': window.rolling,
            'days': northstar.duration_seconds(window.rolling) // 86400,
            'step_days': northstar.duration_seconds(step) // 86400,
        }) }}
    {%- elif window.since_anchor -%}
        {{ return({
            'kind': 'since_anchor',
            'name': window.grain,
            'grain': window.grain,
            'seconds': northstar.duration_seconds(window.since_anchor),
            'book': window.book,
        }) }}
    {%- endif -%}
    {%- for kind in ('calendar', 'lifetime', 'as_of') if window[kind] -%}
        {{ return({'kind': kind, 'name': window[kind], 'grain': window[kind]}) }}
    {%- endfor -%}
{%- endmacro %}

{#- '7d' -> 604800, '36h' -> 129600. -#}
{% macro duration_seconds(duration) -%}
    {%- set text = (duration | string) | trim -%}
    {%- set unit = {'d': 86400, 'h': 3600}[text[-1]] -%}
    {{ return(text[:-1] | int * unit) }}
{%- endmacro %}
