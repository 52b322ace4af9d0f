{#-
    What ids that change each day forbid: whatever follows someone for longer.

    Example: {% do northstar.privacy_rules(sound, problems) %}

    With northstar_identity_scope: daily one visitor on five days is five ids, so over
    more than a day only totals that do not depend on who acted are right.
-#}
{% macro privacy_rules(sound, problems) -%}
    {%- if sound.get('northstar_identity_scope') == 'daily' -%}
        {%- set people = northstar._people(sound.get('northstar_entities') or {}) -%}
        {%- do northstar._no_anchors(sound, people, problems) -%}
        {%- do northstar._no_longer_than_a_day(sound, people, problems) -%}
        {%- do northstar._no_retention(sound, people, problems) -%}
        {%- do northstar._no_long_funnels(sound, people, problems) -%}
        {%- do northstar._no_drivers_across_days(sound, people, problems) -%}
    {%- endif -%}
{%- endmacro %}


{#- Names of the entities whose id is a person's. -#}
{% macro _people(entities) -%}
    {%- set people = [] -%}
    {%- for name, entity in entities.items() if entity -%}
        {%- if entity['id'] in ['user_id', 'anonymous_id'] -%}
            {%- do people.append(name) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(people) }}
{%- endmacro %}


{% macro _daily_problem(path, given, what, write=none) -%}
    {{ return(northstar.config_problem(
        path, given,
        message=what ~ ' needs ids that last, and northstar_identity_scope is `daily`: '
            ~ 'one visitor on five days would be five.',
        allowed='with daily ids: totals, and windows of one day',
        lines=northstar._yaml_lines(path, write) if write is not none
            else ['northstar_identity_scope: persistent'],
    )) }}
{%- endmacro %}


{% macro _no_anchors(sound, people, problems) -%}
    {%- for name in people if 'anchor' in sound['northstar_entities'][name] -%}
        {%- do problems.append(northstar._daily_problem(
            ['northstar_entities', name, 'anchor'],
            sound['northstar_entities'][name]['anchor'], 'An anchor',
        )) -%}
    {%- endfor -%}
{%- endmacro %}


{% macro _no_longer_than_a_day(sound, people, problems) -%}
    {%- set persons = ['user_id', 'anonymous_id'] -%}
    {%- for name, metric in (sound.get('northstar_metrics') or {}).items() if metric -%}
        {%- set path = ['northstar_metrics', name] -%}
        {%- set window = metric['window'] or {} -%}
        {%- set is_one_day = window['calendar'] == 'day'
            or window['rolling'] == '1d' -%}
        {%- set per_entity = metric['per_entity'] or {} -%}
        {%- set distinct = per_entity['distinct'] -%}
        {%- set at_least = per_entity['at_least'] or 0 -%}
        {%- set actor = (metric['actors'] or {})['distinct'] -%}
        {%- set is_person = metric['entity'] in people -%}
        {%- if is_person and 'nth' in metric -%}
            {%- do problems.append(northstar._daily_problem(
                path + ['nth'], metric['nth'], '`nth`'
            )) -%}
        {%- endif -%}
        {%- if is_person and 'since_anchor' in window -%}
            {%- do problems.append(northstar._daily_problem(
                path + ['window', 'since_anchor'], window['since_anchor'],
                'A window since the anchor',
            )) -%}
        {%- elif is_person and not is_one_day and metric['total'] == 'entities' -%}
            {%- do problems.append(northstar._daily_problem(
                path + ['window'], window, 'Counting people over more than a day'
            )) -%}
        {%- elif is_person and not is_one_day and (distinct or at_least > 1) -%}
            {%- do problems.append(northstar._daily_problem(
                path + ['per_entity'], per_entity,
                'A measure of each person over more than a day',
            )) -%}
        {%- elif not is_one_day and (distinct in persons or actor in persons) -%}
            {%- do problems.append(northstar._daily_problem(
                path + ['per_entity' if distinct in persons else 'actors', 'distinct'],
                distinct if distinct in persons else actor,
                'Counting people over more than a day',
            )) -%}
        {%- endif -%}
        {%- for position, item in (metric['when'] or {}).items() if item -%}
            {%- if is_person and 'anchor_age' in item -%}
                {%- do problems.append(northstar._daily_problem(
                    path + ['when', position, 'anchor_age'], item['anchor_age'],
                    'The age of a person',
                )) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}


{% macro _no_retention(sound, people, problems) -%}
    {%- set metrics = sound.get('northstar_metrics') or {} -%}
    {%- for position, analysis in (sound.get('northstar_retention') or {}).items()
        if analysis -%}
        {%- for name, metric in metrics.items() if metric -%}
            {%- set is_its = name == analysis['metric'] or (
                'metric' not in analysis and metric['level'] == 'north_star') -%}
            {%- if is_its and metric['entity'] in people -%}
                {%- do problems.append(northstar._daily_problem(
                    ['northstar_retention', position], analysis['name'], 'Retention'
                )) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}


{#- Nor may a cohort hold more than a day: it would count one visitor each day. -#}
{% macro _no_long_funnels(sound, people, problems) -%}
    {%- for name, funnel in (sound.get('northstar_funnels') or {}).items()
        if funnel and funnel['entity'] in people -%}
        {%- set path = ['northstar_funnels', name] -%}
        {%- if funnel['window'] and funnel['window'] != '1d' -%}
            {%- do problems.append(northstar._daily_problem(
                path + ['window'], funnel['window'],
                'Following a person through a funnel for more than a day', '1d',
            )) -%}
        {%- endif -%}
        {%- if 'grain' not in funnel or funnel['grain'] not in [none, 'day'] -%}
            {%- do problems.append(northstar._daily_problem(
                path + ['grain'], funnel['grain'] if 'grain' in funnel else none,
                'Counting who entered a funnel in more than a day', 'day',
            )) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}


{#- A calendar metric still has its changes by segment; a rolling one has nothing. -#}
{% macro _no_drivers_across_days(sound, people, problems) -%}
    {%- set metrics = northstar._present(sound.get('northstar_metrics')) -%}
    {%- for position, name in (sound.get('northstar_driver_metrics') or {}).items()
        if name in metrics and metrics[name]['entity'] in people
        and northstar._kind_of(metrics[name]) == 'rolling' -%}
        {%- do problems.append(northstar._daily_problem(
            ['northstar_driver_metrics', position], name,
            'A driver of `' ~ name ~ '`, which follows people,',
        )) -%}
    {%- endfor -%}
{%- endmacro %}
