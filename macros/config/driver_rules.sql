{#-
    What must hold of what is asked about drivers, beyond shape and type: every metric
    that is named has the driver, and no setting is one that does nothing.

    Example: {% do northstar.driver_rules(sound, problems) %}

    Arguments:
        sound: what walk_config() made of the project's vars
        problems: a list; what is wrong is appended to it

    Each rule below is a macro named by what it claims. What daily ids forbid is in
    privacy_rules().
-#}
{% macro driver_rules(sound, problems) -%}
    {%- set metrics = northstar._present(sound.get('northstar_metrics')) -%}
    {%- set analyses = northstar._present(sound.get('northstar_retention')) -%}
    {%- do northstar._driver_metrics_have_drivers(sound, metrics, problems) -%}
    {%- do northstar._analysis_names_differ(analyses, problems) -%}
    {%- do northstar._analyses_follow_calendar_metrics(
        sound, analyses, metrics, problems
    ) -%}
    {%- do northstar._days_fit_their_kind(analyses, problems) -%}
    {%- do northstar._guardrails_can_be_judged(metrics, problems) -%}
    {%- do northstar._the_preset_funnel_has_its_ends(sound, metrics, problems) -%}
{%- endmacro %}


{#- `ratio`, or the kind of the window; none where it is not known. -#}
{% macro _kind_of(metric) -%}
    {%- if 'ratio' in metric -%}
        {{ return('ratio') }}
    {%- endif -%}
    {%- set kinds = ['calendar', 'rolling', 'since_anchor', 'lifetime', 'as_of'] -%}
    {%- set written = (metric['window'] or {}) | select('in', kinds) | list -%}
    {{ return(written[0] if written | length == 1 else none) }}
{%- endmacro %}


{#- A number of entities in a stock has no flows, no segments and no factors. -#}
{% macro _driver_metrics_have_drivers(sound, metrics, problems) -%}
    {%- set bare = [] -%}
    {%- for name, metric in metrics.items()
        if northstar._kind_of(metric) in ['lifetime', 'as_of']
        and metric['total'] == 'entities' -%}
        {%- do bare.append(name) -%}
    {%- endfor -%}
    {%- set others = metrics | reject('in', bare) | list -%}
    {%- set named = sound.get('northstar_driver_metrics') or {} -%}
    {%- set kept = named.values() | select('in', others) | list or others[:1] -%}
    {%- for position, name in named.items() if name in bare -%}
        {%- do problems.append(northstar.config_problem(
            ['northstar_driver_metrics', position], name,
            message='`' ~ name ~ '` has no drivers: it is the number of entities in a '
                ~ 'stock (`' ~ northstar._kind_of(metrics[name]) ~ '`), which has no '
                ~ 'flows and no factors. Take it out, or name the metric that feeds '
                ~ 'the stock.',
            allowed=northstar._some_of(others),
            lines=['northstar_driver_metrics: [' ~ kept | join(', ') ~ ']'],
        )) -%}
    {%- endfor -%}
{%- endmacro %}


{% macro _analysis_names_differ(analyses, problems) -%}
    {%- set seen = [] -%}
    {%- for position, analysis in analyses.items() if analysis['name'] -%}
        {%- if analysis['name'] in seen -%}
            {%- do problems.append(northstar.config_problem(
                ['northstar_retention', position, 'name'], analysis['name'],
                message='Two analyses have this name, and their rows could not be '
                    ~ 'told apart.',
                allowed='a name of its own for each analysis',
                write=northstar._key_text(analysis['name'] ~ '_2'),
            )) -%}
        {%- endif -%}
        {%- do seen.append(analysis['name']) -%}
    {%- endfor -%}
{%- endmacro %}


{#- Retention goes from a calendar period to later ones, or to days after it. -#}
{% macro _analyses_follow_calendar_metrics(sound, analyses, metrics, problems) -%}
    {%- set kinds = {
        'ratio': 'is a ratio', 'rolling': 'has rolling windows',
        'since_anchor': 'is booked by its anchor', 'lifetime': 'is a stock',
        'as_of': 'is a stock',
    } -%}
    {%- set named = (sound.get('northstar_driver_metrics') or {}).values() | list -%}
    {%- set calendar = [] -%}
    {%- set driven = [] -%}
    {%- for name, metric in metrics.items() -%}
        {%- set kind = northstar._kind_of(metric) -%}
        {%- if kind == 'calendar' -%}
            {%- do calendar.append(name) -%}
        {%- endif -%}
        {%- if metric['level'] == 'north_star' or name in named -%}
            {%- do driven.append(kind) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set has_none = driven and driven | reject('in', kinds) | list == [] -%}
    {%- set allowed = 'a metric with `window: {calendar: …}`; '
        ~ ('here ' ~ northstar._some_of(calendar) if calendar else 'here is none') -%}
    {%- for position, analysis in analyses.items() -%}
        {%- set path = ['northstar_retention', position, 'metric'] -%}
        {%- set name = analysis['metric'] -%}
        {%- set kind = northstar._kind_of(metrics[name]) if name in metrics else none -%}
        {%- if kind in kinds -%}
            {%- do problems.append(northstar.config_problem(
                path, name,
                message='Retention follows entities from a calendar period to later '
                    ~ 'days or periods, and `' ~ name ~ '` ' ~ kinds[kind] ~ '.',
                allowed=allowed, write=calendar[0] if calendar else none,
            )) -%}
        {%- elif 'metric' not in analysis and has_none -%}
            {%- do problems.append(northstar.config_problem(
                path, none,
                message='Without a `metric` an analysis is of the North Star and of '
                    ~ 'northstar_driver_metrics, and none of them has a calendar '
                    ~ 'window to follow entities by.',
                allowed=allowed, write=calendar[0] if calendar else none,
            )) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}


{#- Which of `days`, `horizon` and `clock` a kind of retention reads, and how. -#}
{% macro _days_fit_their_kind(analyses, problems) -%}
    {%- for position, analysis in analyses.items() if analysis['kind'] -%}
        {%- set path = ['northstar_retention', position] -%}
        {%- set kind = analysis['kind'] -%}
        {%- if kind == 'period' -%}
            {%- if 'days' in analysis -%}
                {%- do problems.append(northstar.config_problem(
                    path + ['days'], northstar._listed(analysis['days']),
                    message='The kind `period` goes by the periods of the metric, and '
                        ~ 'has no days.',
                    allowed='kind: n_day, bracket or unbounded; or no days',
                    lines=northstar._yaml_lines(path + ['kind'], 'n_day'),
                )) -%}
            {%- endif -%}
            {%- if analysis['clock'] == '24h' -%}
                {%- do problems.append(northstar.config_problem(
                    path + ['clock'], '24h',
                    message='Periods are those of the calendar; 24 hours are about '
                        ~ '`days`, which the kind `period` has not.',
                    allowed='calendar', write='calendar',
                )) -%}
            {%- endif -%}
        {%- elif kind in ['n_day', 'bracket'] and 'horizon' in analysis -%}
            {%- do problems.append(northstar.config_problem(
                path + ['horizon'], analysis['horizon'],
                message='The kind `' ~ kind ~ '` ends with its `days`, and has no '
                    ~ 'horizon. Take the line out.',
                allowed='a horizon with kind: period or unbounded',
            )) -%}
        {%- endif -%}
        {%- if kind == 'bracket' -%}
            {%- do northstar._brackets_are_whole(path, analysis['days'], problems) -%}
        {%- elif kind in ['n_day', 'unbounded'] -%}
            {%- do northstar._days_are_single(path, analysis, problems) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}


{#- A sound list as it was written. -#}
{% macro _listed(items) -%}
    {%- set written = [] -%}
    {%- for item in (items or {}).values() -%}
        {%- do written.append(item.values() | list if item is mapping else item) -%}
    {%- endfor -%}
    {{ return(written) }}
{%- endmacro %}


{#- A pair is [first day, day after the last]; numbers bound one after another. -#}
{% macro _brackets_are_whole(path, days, problems) -%}
    {%- set plain = namespace(count=0, last=-1) -%}
    {%- for position, item in (days or {}).items() -%}
        {%- set place = path + ['days', position] -%}
        {%- if item is mapping -%}
            {%- set pair = item.values() | list -%}
            {%- if pair | length != 2
                or (none not in pair and pair[0] >= pair[1]) -%}
                {%- do problems.append(northstar.config_problem(
                    place, pair,
                    message='A bracket has two ends: its first day, and the day after '
                        ~ 'its last.',
                    allowed='two numbers, the second greater',
                    write='[1, 7]' if pair | length != 2 or pair[0] == pair[1]
                        else '[' ~ pair[1] ~ ', ' ~ pair[0] ~ ']',
                )) -%}
            {%- endif -%}
        {%- elif item is not none -%}
            {%- if item <= plain.last -%}
                {%- do problems.append(northstar.config_problem(
                    place, item,
                    message='Each number ends one bracket and begins the next, so '
                        ~ 'they rise. Here ' ~ plain.last ~ ' comes before.',
                    allowed='more than ' ~ plain.last,
                    lines=northstar._yaml_lines(path + ['days'], '[1, 7, 28]'),
                )) -%}
            {%- endif -%}
            {%- set plain.count = plain.count + 1 -%}
            {%- set plain.last = item -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if plain.count == 1 -%}
        {%- set until = 7 if plain.last < 7 else plain.last + 7 -%}
        {%- do problems.append(northstar.config_problem(
            path + ['days'], northstar._listed(days),
            message='A bracket has two ends, and ' ~ plain.last ~ ' alone has none '
                ~ 'to go with.',
            allowed='two numbers or more, or pairs of them',
            write='[' ~ plain.last ~ ', ' ~ until ~ ']',
        )) -%}
    {%- endif -%}
{%- endmacro %}


{% macro _days_are_single(path, analysis, problems) -%}
    {%- for position, item in (analysis['days'] or {}).items() -%}
        {%- set place = path + ['days', position] -%}
        {%- if item is mapping -%}
            {%- do problems.append(northstar.config_problem(
                place, item.values() | list,
                message='A pair of days is a bracket, and the kind here is `'
                    ~ analysis['kind'] ~ '`.',
                allowed='whole numbers; pairs with kind: bracket',
                lines=northstar._yaml_lines(path + ['kind'], 'bracket'),
            )) -%}
        {%- elif item is not none and analysis['kind'] == 'unbounded'
            and analysis['horizon'] and item > analysis['horizon'] -%}
            {%- do problems.append(northstar.config_problem(
                place, item,
                message='The horizon ends before: nobody is followed beyond day '
                    ~ analysis['horizon'] ~ '.',
                allowed='at most the horizon, ' ~ analysis['horizon'],
                lines=northstar._yaml_lines(path + ['horizon'], item),
            )) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}


{#-
    A breach is a value on the wrong side of a bound. A metric that is a guardrail by
    its own level says which side that is; one that others name as theirs is better up
    unless it says otherwise. The usual bound is what the metric mostly was, which a
    total over a lifetime has left behind.
-#}
{% macro _guardrails_can_be_judged(metrics, problems) -%}
    {%- set guards = [] -%}
    {%- for name, metric in metrics.items() -%}
        {%- if metric['level'] == 'guardrail' -%}
            {%- do guards.append(name) -%}
        {%- endif -%}
        {%- for position, guard in (metric['guardrails'] or {}).items() -%}
            {%- if guard == name -%}
                {%- do problems.append(northstar.config_problem(
                    ['northstar_metrics', name, 'guardrails', position], guard,
                    message='`' ~ name ~ '` cannot guard itself: a guardrail shows '
                        ~ 'what the metric does not.',
                    allowed=northstar._some_of(metrics | reject('eq', name) | list),
                )) -%}
            {%- elif guard in metrics and guard not in guards -%}
                {%- do guards.append(guard) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for name in guards -%}
        {%- set path = ['northstar_metrics', name] -%}
        {%- set metric = metrics[name] -%}
        {%- if metric['level'] == 'guardrail' and 'direction' not in metric -%}
            {%- do problems.append(northstar.config_problem(
                path + ['direction'], none,
                message='`direction` is missing: a guardrail says which way is '
                    ~ 'better, or nobody can tell a breach from a success.',
                allowed='up (less is a breach), down (more is a breach)',
                write='down',
            )) -%}
        {%- endif -%}
        {%- if northstar._kind_of(metric) == 'lifetime' and 'target' not in metric -%}
            {%- do problems.append(northstar.config_problem(
                path + ['target'], none,
                message='`target` is missing: a guardrail without one is held against '
                    ~ 'what it was in the periods before, and a total over a '
                    ~ 'lifetime is past that.',
                allowed='a number, the bound that must not be crossed', write=1000,
            )) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}


{#- Who writes `signup_to_value: true` means to have it; without an end it is not there. -#}
{% macro _the_preset_funnel_has_its_ends(sound, metrics, problems) -%}
    {%- set name = 'signup_to_value' -%}
    {%- set funnels = sound.get('northstar_funnels') or {} -%}
    {%- set entities = northstar._present(sound.get('northstar_entities')) -%}
    {%- for star, metric in metrics.items()
        if funnels[name] is sameas true and metric['level'] == 'north_star' -%}
        {%- set entity = entities[metric['entity']] or {} -%}
        {%- set is_daily = sound.get('northstar_identity_scope') == 'daily'
            and entity['id'] in ['user_id', 'anonymous_id'] -%}
        {%- set allowed = 'false, or a funnel of your own of this name' -%}
        {%- if northstar._kind_of(metric) not in ['calendar', none] or is_daily -%}
            {%- do problems.append(northstar.config_problem(
                ['northstar_funnels', name], true, allowed=allowed, write='false',
                message='This funnel goes from the anchor of an entity to its first '
                    ~ 'event of the North Star, and `' ~ star ~ '` '
                    ~ ('is of ids that last a day.' if is_daily
                    else 'is not counted by calendar periods.'),
            )) -%}
        {%- elif metric['entity'] in entities and not entity['anchor'] -%}
            {%- do problems.append(northstar.config_problem(
                ['northstar_funnels', name], true,
                message='This funnel begins at the anchor of the North Star\'s entity, '
                    ~ 'and `' ~ metric['entity'] ~ '` has none.',
                allowed='true where that entity has an `anchor`; else ' ~ allowed,
                lines=northstar._yaml_lines(
                    ['northstar_entities', metric['entity'], 'anchor'], 'signed_up'
                ),
            )) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}
