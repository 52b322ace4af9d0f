{#-
    What must hold of the definitions, beyond shape and type: the metrics and columns
    that they name exist, and nothing in them contradicts itself.

    Example: {% do northstar.metric_rules(given, sound, columns, problems) %}

    Arguments:
        given: values by the name of the var, as they came
        sound: what walk_config() made of them
        columns: config_columns(sound)
        problems: a list; what is wrong is appended to it

    Each rule below is a macro named by what it claims.
-#}
{% macro metric_rules(given, sound, columns, problems) -%}
    {%- set metrics = northstar._present(sound.get('northstar_metrics')) -%}
    {%- set written = given.get('northstar_metrics') -%}
    {%- set named = written if written is mapping else {} -%}
    {%- set own = {} -%}
    {%- set ratios = {} -%}
    {%- for name, metric in metrics.items() -%}
        {%- do (ratios if 'ratio' in metric else own).update({name: metric}) -%}
    {%- endfor -%}

    {%- do northstar._names_are_plain(metrics, problems) -%}
    {%- if written is mapping or not written -%}
        {%- do northstar._one_is_the_north_star(metrics, named, problems) -%}
    {%- endif -%}
    {%- do northstar._metrics_named_exist(sound, named, problems) -%}
    {%- do northstar._nothing_drives_itself(metrics, problems) -%}
    {%- do northstar._labels_differ(metrics, problems) -%}

    {%- do northstar._ratios_stand_alone(ratios, problems) -%}
    {%- do northstar._ratios_are_of_like_parts(ratios, metrics, named, problems) -%}

    {%- do northstar._own_rules(own, given, sound, columns, problems) -%}
    {%- do northstar._previous_versions_precede(metrics, problems) -%}
    {%- do northstar._previous_rules(own, given, sound, columns, problems) -%}
{%- endmacro %}


{#- The rules of whatever is computed from events or states. -#}
{% macro _own_rules(own, given, sound, columns, problems) -%}
    {%- set entities = sound.get('northstar_entities') or {} -%}
    {%- do northstar._essentials_are_there(own, problems) -%}
    {%- do northstar._entities_exist(own, given, sound, problems) -%}
    {%- do northstar._windows_are_of_one_kind(own, problems) -%}
    {%- do northstar._stocks_are_stocks(own, given, sound, problems) -%}
    {%- do northstar._measures_are_one(own, problems) -%}
    {%- do northstar._voids_make_sense(own, problems) -%}
    {%- do northstar._ranks_are_in_order(own, problems) -%}
    {%- do northstar._anchors_are_there(own, entities, problems) -%}
    {%- do northstar._conditions_make_sense(own, given, problems) -%}
    {%- do northstar._actors_are_not_the_entity(own, entities, problems) -%}
    {%- if columns['are_known'] -%}
        {%- do northstar._columns_exist(own, columns, problems) -%}
        {%- do northstar._predicates_name_columns(own, sound, columns, problems) -%}
    {%- endif -%}
{%- endmacro %}


{#- The version before is a definition like any other, one level deeper. -#}
{% macro _previous_rules(own, given, sound, columns, problems) -%}
    {%- for name, metric in own.items() if metric['previous'] -%}
        {%- set found = [] -%}
        {%- set shallow = dict(sound) -%}
        {%- do shallow.update({'northstar_funnels': {}}) -%}
        {%- do northstar._own_rules(
            {name: metric['previous']}, given, shallow, columns, found
        ) -%}
        {%- set path = northstar._path_text(['northstar_metrics', name]) -%}
        {%- for problem in found -%}
            {%- set lines = problem['write'] -%}
            {%- set deeper = lines[:2] + ['    previous:'] if lines else [] -%}
            {%- for line in lines[2:] -%}{%- do deeper.append('  ' ~ line) -%}{%- endfor -%}
            {%- do problem.update({
                'path': path ~ '.previous' ~ problem['path'][path | length:],
                'write': deeper,
            }) -%}
            {%- do problems.append(problem) -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}


{#- `previous` is an earlier version, and there is a day from which the new one holds. -#}
{% macro _previous_versions_precede(metrics, problems) -%}
    {%- for name, metric in metrics.items() if 'previous' in metric -%}
        {%- set path = ['northstar_metrics', name] -%}
        {%- set version = metric['version'] or 1 -%}
        {%- set earlier = (metric['previous'] or {})['version'] -%}
        {%- if 'ratio' in metric -%}
            {%- do problems.append(northstar.config_problem(
                path + ['previous'], metric['previous'],
                message='A ratio has no `previous`: it is made of two metrics. Name the '
                    ~ 'old one as a metric of its own for as long as both are shown.',
                allowed='`previous` on a metric of events or of a state',
                lines=northstar._yaml_lines(
                    ['northstar_metrics', name ~ '_v' ~ (version - 1), 'ratio'],
                    '[numerator, denominator]',
                ),
            )) -%}
        {%- else -%}
            {%- if earlier and earlier >= version -%}
                {%- do problems.append(northstar.config_problem(
                    path + ['version'], metric['version'],
                    message='`previous` is version ' ~ earlier ~ ', so the definition '
                        ~ 'in force is a later one.',
                    allowed='a whole number above ' ~ earlier, write=earlier + 1,
                )) -%}
            {%- endif -%}
            {%- if 'effective_from' not in metric -%}
                {%- do problems.append(northstar.config_problem(
                    path + ['effective_from'], none,
                    message='`effective_from` is missing: `overlap` counts the periods '
                        ~ 'of `previous` from there on.',
                    allowed='the date from which the new version holds',
                    write='"2026-01-31"',
                )) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}


{#- The items that came through the walk. -#}
{% macro _present(items) -%}
    {%- set present = {} -%}
    {%- for name, item in (items or {}).items() if item is not none -%}
        {%- do present.update({name: item}) -%}
    {%- endfor -%}
    {{ return(present) }}
{%- endmacro %}


{#- MetricFlow wants two characters or more, and keeps the double underscore. -#}
{% macro _names_are_plain(metrics, problems) -%}
    {%- for name, metric in metrics.items() if '__' in name or name | length < 2 -%}
        {%- set better = modules.re.sub('_+', '_', name) -%}
        {%- do problems.append(northstar.config_problem(
            ['northstar_metrics', name], name,
            message='`' ~ name ~ '` cannot be the name of a metric: '
                ~ ('it holds a double underscore.' if '__' in name
                    else 'it has one character.'),
            allowed='two characters or more, and no double underscore',
            lines=northstar._yaml_lines(['northstar_metrics', better], '{…}')
                if better | length > 1 else none,
        )) -%}
    {%- endfor -%}
{%- endmacro %}


{% macro _one_is_the_north_star(metrics, named, problems) -%}
    {%- set stars = [] -%}
    {%- set misspelt = [] -%}
    {%- for name, metric in metrics.items() if 'level' in metric -%}
        {%- if metric['level'] == 'north_star' -%}
            {%- do stars.append(name) -%}
        {%- elif metric['level'] is none -%}
            {%- do misspelt.append(name) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if stars | length > 1 -%}
        {%- set lines = ['northstar_metrics:'] -%}
        {%- for name in stars -%}
            {%- do lines.extend([
                '  ' ~ name ~ ':',
                '    level: ' ~ ('north_star' if loop.first else 'product_line'),
            ]) -%}
        {%- endfor -%}
        {%- do problems.append(northstar.config_problem(
            ['northstar_metrics'], stars,
            message='There is one North Star, and ' ~ stars | length
                ~ ' metrics have `level: north_star`: ' ~ stars | join(', ') ~ '.',
            allowed='exactly one metric with level: north_star', lines=lines,
        )) -%}
    {%- elif not stars and not misspelt and named | length == metrics | length -%}
        {%- set first = metrics.keys() | list | first or 'name_of_a_metric' -%}
        {%- do problems.append(northstar.config_problem(
            ['northstar_metrics'],
            named.keys() | list if named else none,
            message='No metric is the North Star. Add `level: north_star` to the one '
                ~ 'that is.',
            allowed='exactly one metric with level: north_star',
            lines=northstar._yaml_lines(
                ['northstar_metrics', first, 'level'], 'north_star'
            ),
        )) -%}
    {%- endif -%}
{%- endmacro %}


{#- `drives`, `northstar_driver_metrics` and the metric of a retention analysis. -#}
{% macro _metrics_named_exist(sound, named, problems) -%}
    {%- set mentions = [] -%}
    {%- for name, metric in northstar._present(sound.get('northstar_metrics')).items()
        if 'drives' in metric and metric['drives'] -%}
        {%- set path = ['northstar_metrics', name, 'drives'] -%}
        {%- if metric['drives'] is string -%}
            {%- do mentions.append([path, metric['drives']]) -%}
        {%- else -%}
            {%- for parent in metric['drives'] -%}
                {%- do mentions.append([path + [loop.index0], parent]) -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for position, name in (sound.get('northstar_driver_metrics') or {}).items()
        if name is not none -%}
        {%- do mentions.append([['northstar_driver_metrics', position], name]) -%}
    {%- endfor -%}
    {%- for position, analysis in (sound.get('northstar_retention') or {}).items()
        if analysis and analysis['metric'] -%}
        {%- do mentions.append(
            [['northstar_retention', position, 'metric'], analysis['metric']]
        ) -%}
    {%- endfor -%}
    {%- for path, name in mentions if name not in named -%}
        {%- do problems.append(northstar._no_such_metric(path, name, named)) -%}
    {%- endfor -%}
{%- endmacro %}


{% macro _no_such_metric(path, name, named) -%}
    {%- set names = named.keys() | select('string') | list -%}
    {%- set near = northstar.nearest(name, names) -%}
    {{ return(northstar.config_problem(
        path, name, near=near, write=near,
        message='There is no metric ' ~ northstar.shown(name) ~ '.',
        allowed=northstar._some_of(names),
    )) }}
{%- endmacro %}


{#- Names in a row, cut short where there are many. -#}
{% macro _some_of(names) -%}
    {%- set shown = [] -%}
    {%- for name in names[:20] -%}
        {%- do shown.append(northstar._key_text(name)) -%}
    {%- endfor -%}
    {%- if names | length > 20 -%}
        {%- do shown.append('and ' ~ (names | length - 20) ~ ' more') -%}
    {%- endif -%}
    {{ return(shown | join(', ') or 'none is declared') }}
{%- endmacro %}


{#- Those without parents are taken away until none is left; circles stay. -#}
{% macro _nothing_drives_itself(metrics, problems) -%}
    {%- set parents = {} -%}
    {%- for name, metric in metrics.items()
        if 'drives' in metric and metric['drives'] -%}
        {%- set drives = metric['drives'] -%}
        {%- do parents.update({name: [drives] if drives is string else drives}) -%}
    {%- endfor -%}
    {%- set place = namespace(settled=parents | length > 0) -%}
    {%- for _ in range(parents | length) if place.settled -%}
        {%- set place.settled = false -%}
        {%- for name in parents.keys() | list -%}
            {%- if parents[name] | select('in', parents) | list | length == 0 -%}
                {%- do parents.pop(name) -%}
                {%- set place.settled = true -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- if parents -%}
        {%- set circle = [(parents.keys() | list)[0]] -%}
        {%- for _ in range(parents | length) -%}
            {%- if circle[-1] not in circle[:-1] -%}
                {%- set upward = parents[circle[-1]] | select('in', parents) -%}
                {%- do circle.append(upward | first) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- set circle = circle[circle.index(circle[-1]):] -%}
        {%- do problems.append(northstar.config_problem(
            ['northstar_metrics', circle[0], 'drives'], circle[1],
            message='Metrics drive each other in a circle: '
                ~ circle | join(' drives ') ~ '.',
            allowed='parents that are nearer to the North Star',
        )) -%}
    {%- endif -%}
{%- endmacro %}


{% macro _labels_differ(metrics, problems) -%}
    {%- set owners = {} -%}
    {%- for name, metric in metrics.items()
        if 'label' in metric and metric['label'] -%}
        {%- set label = metric['label'] -%}
        {%- if label in owners -%}
            {%- do problems.append(northstar.config_problem(
                ['northstar_metrics', name, 'label'], label,
                message='`' ~ owners[label] ~ '` has the same label.',
                allowed='a label of its own for each metric',
                write='"' ~ name.replace('_', ' ') | capitalize ~ '"',
            )) -%}
        {%- else -%}
            {%- do owners.update({label: name}) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}


{% macro _ratios_stand_alone(ratios, problems) -%}
    {%- set computing = northstar._computing_rules().keys() | list -%}
    {%- for name, metric in ratios.items() -%}
        {%- for key in metric
            if key in computing and key not in ['ratio', 'unit_scale'] -%}
            {%- do problems.append(northstar.config_problem(
                ['northstar_metrics', name, key], metric[key],
                message='A ratio is made of two metrics and has no `' ~ key
                    ~ '` of its own. Take the line out, or say it in the parts.',
                allowed='ratio alone, with unit_scale and the keys of governance',
            )) -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}


{% macro _ratios_are_of_like_parts(ratios, metrics, named, problems) -%}
    {%- for name, metric in ratios.items() if metric['ratio'] -%}
        {%- set path = ['northstar_metrics', name, 'ratio'] -%}
        {%- set parts = [] -%}
        {%- for part in metric['ratio'] -%}
            {%- if part not in named -%}
                {%- do problems.append(
                    northstar._no_such_metric(path + [loop.index0], part, named)
                ) -%}
            {%- elif part in ratios -%}
                {%- do problems.append(northstar.config_problem(
                    path + [loop.index0], part,
                    message='`' ~ part ~ '` is a ratio itself. A ratio is of two '
                        ~ 'metrics that are not.',
                    allowed=northstar._some_of(metrics | reject('in', ratios) | list),
                )) -%}
            {%- elif part in metrics -%}
                {%- do parts.append(metrics[part]) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- if metric['ratio'][0] == metric['ratio'][1] -%}
            {%- do problems.append(northstar.config_problem(
                path, metric['ratio'],
                message='Both parts are the same metric, so it would always be 1.',
                allowed='two metrics',
            )) -%}
        {%- elif parts | length == 2 -%}
            {%- for what in ['grain', 'entity'] -%}
                {%- set sides = [
                    northstar._side(parts[0], what), northstar._side(parts[1], what),
                ] -%}
                {%- if sides[0] and sides[1] and sides[0] != sides[1] -%}
                    {%- do problems.append(northstar.config_problem(
                        path, metric['ratio'],
                        message='The parts differ in ' ~ what ~ ': `'
                            ~ metric['ratio'][0] ~ '` is by ' ~ sides[0] ~ ', `'
                            ~ metric['ratio'][1] ~ '` by ' ~ sides[1] ~ '.',
                        allowed='two metrics of the same grain and entity',
                    )) -%}
                {%- endif -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}


{#- The grain or the entity of one side of a ratio, as text; none where not known. -#}
{% macro _side(metric, what) -%}
    {%- if what == 'entity' -%}
        {{ return(metric['entity']) }}
    {%- endif -%}
    {%- set window = metric['window'] or {} -%}
    {%- if window['rolling'] -%}
        {{ return(window['rolling'] ~ ' every ' ~ (window['step'] or '1d')) }}
    {%- endif -%}
    {{ return(
        window['calendar'] or window['grain'] or window['lifetime'] or window['as_of']
    ) }}
{%- endmacro %}


{% macro _essentials_are_there(metrics, problems) -%}
    {%- set rules = northstar._computing_rules() -%}
    {%- for name, metric in metrics.items() -%}
        {%- for key in ['entity', 'window', 'total'] if key not in metric -%}
            {%- do problems.append(northstar._missing_key(
                ['northstar_metrics', name], key, rules[key]
            )) -%}
        {%- endfor -%}
        {%- if 'events' not in metric and 'state' not in metric -%}
            {%- do problems.append(northstar.config_problem(
                ['northstar_metrics', name, 'events'], none,
                message='`events` is missing: what is counted (or `state`, for a '
                    ~ 'stock).',
                allowed=northstar._allowed(rules['events']),
                write=rules['events']['example'],
            )) -%}
        {%- elif 'events' in metric and 'state' in metric -%}
            {%- do problems.append(northstar.config_problem(
                ['northstar_metrics', name, 'state'], metric['state'],
                message='`state` stands in place of `events`; a metric has one of '
                    ~ 'them. To count events of those in a state, use `when`.',
                allowed='events or state',
                lines=northstar._yaml_lines(
                    ['northstar_metrics', name, 'when'], rules['when']['example']
                ),
            )) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}


{% macro _entities_exist(metrics, given, sound, problems) -%}
    {%- set known = (sound.get('northstar_entities') or {}).keys() | list -%}
    {%- set written = given.get('northstar_entities') -%}
    {%- set written = written if written is mapping else {} -%}
    {%- set mentions = [] -%}
    {%- for name, metric in metrics.items() if metric['entity'] -%}
        {%- do mentions.append([['northstar_metrics', name], metric['entity']]) -%}
    {%- endfor -%}
    {%- for name, funnel in (sound.get('northstar_funnels') or {}).items()
        if funnel and funnel['entity'] -%}
        {%- do mentions.append([['northstar_funnels', name], funnel['entity']]) -%}
    {%- endfor -%}
    {%- for path, entity in mentions 
        if entity not in known and entity not in written -%}
        {%- set near = northstar.nearest(entity, known) -%}
        {%- do problems.append(northstar.config_problem(
            path + ['entity'], entity, near=near, write=near,
            message='There is no entity ' ~ northstar.shown(entity) ~ '.',
            allowed='a key of northstar_entities: ' ~ northstar._some_of(known),
            lines=none if near is not none else northstar._yaml_lines(
                ['northstar_entities', entity], '{id: user_id}'
            ),
        )) -%}
    {%- endfor -%}
{%- endmacro %}


{% macro _windows_are_of_one_kind(metrics, problems) -%}
    {%- set kinds = ['calendar', 'rolling', 'since_anchor', 'lifetime', 'as_of'] -%}
    {%- set companions = {
        'step': 'rolling', 'book': 'since_anchor', 'grain': 'since_anchor',
    } -%}
    {%- for name, metric in metrics.items() if metric['window'] is mapping -%}
        {%- set path = ['northstar_metrics', name, 'window'] -%}
        {%- set window = metric['window'] -%}
        {%- set written = window | select('in', kinds) | list -%}
        {%- if written | length != 1 -%}
            {%- do problems.append(northstar.config_problem(
                path, window,
                message='A window is of one kind'
                    ~ (', and here are ' ~ written | join(' and ') if written else '')
                    ~ '.',
                allowed=kinds | join(', '),
                write='{calendar: week}',
            )) -%}
        {%- else -%}
            {%- for key, kind in companions.items() if key in window -%}
                {%- if kind not in window -%}
                    {%- do problems.append(northstar.config_problem(
                        path + [key], window[key],
                        message='`' ~ key ~ '` goes with `' ~ kind ~ '`, and this '
                            ~ 'window is `' ~ written[0] ~ '`. Take the line out.',
                        allowed='nothing beside ' ~ written[0],
                    )) -%}
                {%- endif -%}
            {%- endfor -%}
            {%- if 'since_anchor' in window -%}
                {%- do northstar._since_anchor_is_whole(path, metric, problems) -%}
            {%- elif window['rolling'] and window['step']
                and window['step'][:-1] | int > window['rolling'][:-1] | int -%}
                {%- do problems.append(northstar.config_problem(
                    path + ['step'], window['step'],
                    message='The step is longer than the window, so events between two '
                        ~ 'windows would count in none.',
                    allowed='at most ' ~ window['rolling'], write=window['rolling'],
                )) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}


{% macro _since_anchor_is_whole(path, metric, problems) -%}
    {%- set window = metric['window'] -%}
    {%- set per_entity = metric['per_entity'] or {} -%}
    {%- for key, allowed in {
        'book': 'cohort (the period of the anchor) or completion (that of the event '
            ~ 'that reached the threshold)',
        'grain': 'day, week, month, quarter',
    }.items() if key not in window -%}
        {%- do problems.append(northstar.config_problem(
            path + [key], none,
            message='`' ~ key ~ '` is missing: a window since the anchor says in which '
                ~ ('period it books an entity.' if key == 'book'
                    else 'periods it is published.'),
            allowed=allowed, write='cohort' if key == 'book' else 'week',
        )) -%}
    {%- endfor -%}
    {%- set is_sum = 'sum' in per_entity -%}
    {%- set is_net = (metric['void'] or {})['mode'] == 'net' -%}
    {%- if window['book'] == 'completion' and (is_sum or is_net)
        and 'at_least' not in per_entity -%}
        {%- do problems.append(northstar.config_problem(
            path + ['book'], 'completion',
            message='`completion` books an entity when it reaches a threshold, and '
                ~ ('a sum' if is_sum else 'a measure net of voids')
                ~ ' has none unless you write it.',
            allowed='cohort, or a threshold in per_entity',
            lines=northstar._yaml_lines(path[:2] + ['per_entity', 'at_least'], 1),
        )) -%}
    {%- endif -%}
{%- endmacro %}


{#- `state` and `as_of` need each other, and know nothing of events. -#}
{% macro _stocks_are_stocks(metrics, given, sound, problems) -%}
    {%- set states = northstar._present(sound.get('northstar_states')) -%}
    {%- for name, metric in metrics.items() -%}
        {%- set path = ['northstar_metrics', name] -%}
        {%- set window = metric['window'] or {} -%}
        {%- if 'state' not in metric and 'as_of' in window -%}
            {%- do problems.append(northstar.config_problem(
                path + ['window', 'as_of'], window['as_of'],
                message='`as_of` counts who is in a state at the end of a period, and '
                    ~ 'this metric counts events.',
                allowed='calendar, rolling, since_anchor, lifetime',
                lines=northstar._yaml_lines(
                    path + ['window'], '{calendar: ' ~ (window['as_of'] or 'week') ~ '}'
                ),
            )) -%}
        {%- elif 'state' in metric and 'events' not in metric -%}
            {%- set kind = window.keys() | list | first -%}
            {%- if kind and 'as_of' not in window -%}
                {%- do problems.append(northstar.config_problem(
                    path + ['window', kind], window[kind],
                    message='A state is counted at the end of a period, with `as_of`.',
                    allowed='as_of',
                    lines=northstar._yaml_lines(path + ['window'], '{as_of: month}'),
                )) -%}
            {%- endif -%}
            {%- for key in ['nth', 'void', 'actors'] if key in metric -%}
                {%- do problems.append(northstar.config_problem(
                    path + [key], metric[key],
                    message='`' ~ key ~ '` is about events, and this metric counts a '
                        ~ 'state. Take the line out.',
                    allowed='entity, state, when, per_entity, window, total',
                )) -%}
            {%- endfor -%}
            {%- for key in ['count', 'distinct']
                if key in (metric['per_entity'] or {}) -%}
                {%- do problems.append(northstar.config_problem(
                    path + ['per_entity', key], metric['per_entity'][key],
                    message='`' ~ key ~ '` is about events, and this metric counts a '
                        ~ 'state.',
                    allowed='sum: value',
                    lines=northstar._yaml_lines(path + ['per_entity'], '{sum: value}'),
                )) -%}
            {%- endfor -%}
            {%- if not given.get('northstar_states') -%}
                {%- do problems.append(northstar._no_states(path + ['state'])) -%}
            {%- elif states and (metric['state'] or {})['value']
                and not states.values() | selectattr('columns.value') | list -%}
                {%- do problems.append(northstar.config_problem(
                    path + ['state', 'value'], metric['state']['value'],
                    message='`northstar_states` maps no `value` to sum.',
                    allowed='a mapped value',
                    lines=['northstar_states:', '  columns:', '    value: mrr'],
                )) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}


{% macro _no_states(path) -%}
    {{ return(northstar.config_problem(
        path, none,
        message='A state needs the input `northstar_states`, which is not configured.',
        allowed='northstar_states: {relation, columns}',
        lines=[
            'northstar_states:',
            '  relation: {ref: subscriptions}',
            '  columns:',
            '    entity: "\'user\'"',
            '    entity_id: user_id',
            '    state: status',
            '    valid_from: started_at',
            '    valid_to: ended_at',
        ],
    )) }}
{%- endmacro %}


{% macro _measures_are_one(metrics, problems) -%}
    {%- set kinds = ['count', 'distinct', 'sum'] -%}
    {%- for name, metric in metrics.items() -%}
        {%- set path = ['northstar_metrics', name] -%}
        {%- set per_entity = metric['per_entity'] -%}
        {%- set written = (per_entity or {}) | select('in', kinds) | list -%}
        {%- if per_entity is mapping and written | length != 1 -%}
            {%- do problems.append(northstar.config_problem(
                path + ['per_entity'], per_entity,
                message='`per_entity` takes one measure'
                    ~ (', and here are ' ~ written | join(' and ') if written else '')
                    ~ '.',
                allowed='{count: events}, {distinct: column} or {sum: value}, with '
                    ~ 'at_least',
                write='{count: events, at_least: '
                    ~ (per_entity['at_least'] or 1) ~ '}',
            )) -%}
        {%- elif 'sum' not in written -%}
            {%- for position, entry in (metric['events'] or {}).items() if entry -%}
                {%- for key in ['value', 'cap'] if key in entry -%}
                    {%- do problems.append(northstar.config_problem(
                        path + ['events', position, key], entry[key],
                        message='`' ~ key ~ '` is about a sum, and this metric takes '
                            ~ 'none.',
                        allowed='per_entity: {sum: value} beside it',
                        lines=northstar._yaml_lines(
                            path + ['per_entity'], '{sum: value}'
                        ),
                    )) -%}
                {%- endfor -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}


{% macro _voids_make_sense(metrics, problems) -%}
    {%- for name, metric in metrics.items()
        if 'void' in metric and metric['void'] -%}
        {%- set path = ['northstar_metrics', name, 'void'] -%}
        {%- set void = metric['void'] -%}
        {%- set distinct = (metric['per_entity'] or {})['distinct'] -%}
        {%- if void['mode'] == 'net' and distinct -%}
            {%- do problems.append(northstar.config_problem(
                path + ['mode'], 'net',
                message='`net` subtracts from a count or a sum; a count of distinct '
                    ~ 'values cannot be subtracted from.',
                allowed='exclude, ignore', write='exclude',
            )) -%}
        {%- endif -%}
        {%- if void['value'] and void['mode'] != 'net' -%}
            {%- do problems.append(northstar.config_problem(
                path + ['value'], void['value'],
                message='`value` is what a `net` void subtracts, and the mode here is `'
                    ~ (void['mode'] or 'exclude') ~ '`.',
                allowed='with mode: net',
                lines=northstar._yaml_lines(path + ['mode'], 'net'),
            )) -%}
        {%- endif -%}
        {%- for entry in (metric['events'] or {}).values()
            if entry and void['event'] and entry['event'] == void['event'] -%}
            {%- if loop.first -%}
                {%- do problems.append(northstar.config_problem(
                    path + ['event'], void['event'],
                    message='The event is counted too, so each one would void itself.',
                    allowed='an event that `events` does not name',
                )) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}


{% macro _ranks_are_in_order(metrics, problems) -%}
    {%- for name, metric in metrics.items()
        if 'nth' in metric and metric['nth'] is mapping -%}
        {%- set path = ['northstar_metrics', name, 'nth'] -%}
        {%- set nth = metric['nth'] -%}
        {%- if nth | length == 0 -%}
            {%- do problems.append(northstar.config_problem(
                path, nth,
                message='`nth` says which ranks count, and here are none.',
                allowed='min, max or both', write='{min: 2}',
            )) -%}
        {%- elif nth['max'] and nth['max'] < (nth['min'] or 1) -%}
            {%- do problems.append(northstar.config_problem(
                path + ['max'], nth['max'],
                message='`max` is below `min`, so no event has such a rank.',
                allowed=nth['min'] ~ ' or more', write=nth['min'],
            )) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}


{% macro _anchors_are_there(metrics, entities, problems) -%}
    {%- for name, metric in metrics.items() if entities.get(metric['entity']) -%}
        {%- set path = ['northstar_metrics', name] -%}
        {%- set needs = [] -%}
        {%- if 'since_anchor' in (metric['window'] or {}) -%}
            {%- do needs.append([
                path + ['window', 'since_anchor'], metric['window']['since_anchor']
            ]) -%}
        {%- endif -%}
        {%- for position, item in (metric['when'] or {}).items() if item -%}
            {%- if 'anchor_age' in item -%}
                {%- do needs.append(
                    [path + ['when', position, 'anchor_age'], item['anchor_age']]
                ) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- for path, given in needs if 'anchor' not in entities[metric['entity']] -%}
            {%- do problems.append(northstar.config_problem(
                path, given,
                message='The entity `' ~ metric['entity'] ~ '` has no anchor to count '
                    ~ 'from. Name the event that starts it.',
                allowed='an entity with an anchor',
                lines=[
                    'northstar_entities:',
                    '  ' ~ metric['entity'] ~ ':',
                    '    anchor: ' ~ metric['entity'] ~ '_created',
                ],
            )) -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}


{% macro _conditions_make_sense(metrics, given, problems) -%}
    {%- for name, metric in metrics.items() if 'when' in metric -%}
        {%- for position, item in (metric['when'] or {}).items() if item is mapping -%}
            {%- set path = ['northstar_metrics', name, 'when', position] -%}
            {%- if ('state' in item) == ('anchor_age' in item) -%}
                {%- do problems.append(northstar.config_problem(
                    path, item,
                    message='Each item of `when` is one condition: a state, or an age.',
                    allowed='{state: name, at: event} or {anchor_age: "<7d"}',
                    write='{state: paid, at: event}',
                )) -%}
            {%- elif 'anchor_age' in item and 'at' in item -%}
                {%- do problems.append(northstar.config_problem(
                    path + ['at'], item['at'],
                    message='The age is always that at the event. Take the line out.',
                    allowed='anchor_age alone',
                )) -%}
            {%- elif 'state' in item and 'at' not in item -%}
                {%- do problems.append(northstar.config_problem(
                    path + ['at'], none,
                    message='`at` is missing: when the state must hold. It has no '
                        ~ 'default, for each choice gives another number.',
                    allowed='event, period_any, period_end, period_all',
                    write='event',
                )) -%}
            {%- endif -%}
            {%- if 'state' in item and not given.get('northstar_states') -%}
                {%- do problems.append(northstar._no_states(path + ['state'])) -%}
            {%- endif -%}

            {%- set is_lifetime = 'lifetime' in (metric['window'] or {}) -%}
            {%- set is_state = 'state' in metric and 'events' not in metric -%}
            {%- if is_lifetime and item['at'] and item['at'] != 'event' -%}
                {%- do problems.append(northstar.config_problem(
                    path + ['at'], item['at'],
                    message='A lifetime has no period of its own to be in a state in.',
                    allowed='event', write='event',
                )) -%}
            {%- elif is_state and (item['at'] == 'event' or 'anchor_age' in item) -%}
                {%- set key = 'at' if 'at' in item else 'anchor_age' -%}
                {%- do problems.append(northstar.config_problem(
                    path + [key], item[key],
                    message='This metric counts a state and has no events to look at.',
                    allowed='at: period_any, period_end or period_all',
                    lines=northstar._yaml_lines(
                        path, '{state: paid, at: period_end}'
                    ),
                )) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}


{% macro _actors_are_not_the_entity(metrics, entities, problems) -%}
    {%- for name, metric in metrics.items()
        if 'actors' in metric and metric['actors'] -%}
        {%- set id = (entities.get(metric['entity']) or {})['id'] -%}
        {%- set actor = metric['actors']['distinct'] -%}
        {%- if actor and actor == id -%}
            {%- do problems.append(northstar.config_problem(
                ['northstar_metrics', name, 'actors', 'distinct'], actor,
                message='`' ~ actor ~ '` is the id of the entity itself, so each has '
                    ~ 'exactly one.',
                allowed='another column, such as user_id for teams',
            )) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}


{% macro _columns_exist(metrics, columns, problems) -%}
    {%- set mentions = [] -%}
    {%- for name, metric in metrics.items() -%}
        {%- set path = ['northstar_metrics', name] -%}
        {%- set is_sum = 'sum' in (metric['per_entity'] or {}) -%}
        {%- for position, entry in (metric['events'] or {}).items() if entry -%}
            {%- set place = path + ['events', position] -%}
            {%- if entry['at'] -%}
                {%- do mentions.append([place + ['at'], entry['at'], 'at']) -%}
            {%- endif -%}
            {%- if entry['value'] or (is_sum and 'value' not in entry) -%}
                {%- do mentions.append(
                    [place + ['value'], entry['value'] or 'value', 'value']
                ) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- if 'per_entity' in metric and (metric['per_entity'] or {})['distinct'] -%}
            {%- do mentions.append([
                path + ['per_entity', 'distinct'], metric['per_entity']['distinct'],
                'distinct',
            ]) -%}
        {%- endif -%}
        {%- if 'actors' in metric and (metric['actors'] or {})['distinct'] -%}
            {%- do mentions.append([
                path + ['actors', 'distinct'], metric['actors']['distinct'], 'row',
            ]) -%}
        {%- endif -%}
        {%- if 'void' in metric and metric['void'] -%}
            {%- for key, slot in [('key', 'row'), ('value', 'value')]
                if metric['void'][key] -%}
                {%- do mentions.append(
                    [path + ['void', key], metric['void'][key], slot]
                ) -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for path, column, slot in mentions if column not in columns[slot] -%}
        {%- do problems.append(
            northstar._column_problem(path, column, slot, columns)
        ) -%}
    {%- endfor -%}
{%- endmacro %}


{% macro _predicates_name_columns(metrics, sound, columns, problems) -%}
    {%- set predicates = [] -%}
    {%- for name, metric in metrics.items() -%}
        {%- for position, entry in (metric['events'] or {}).items()
            if entry and entry['where'] -%}
            {%- do predicates.append([
                ['northstar_metrics', name, 'events', position, 'where'],
                entry['where'],
            ]) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for name, funnel in (sound.get('northstar_funnels') or {}).items() if funnel -%}
        {%- for position, step in (funnel['steps'] or {}).items()
            if step and step['where'] -%}
            {%- do predicates.append([
                ['northstar_funnels', name, 'steps', position, 'where'], step['where'],
            ]) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for path, sql in predicates -%}
        {%- for column in northstar.unknown_identifiers(sql, columns['row']) -%}
            {%- do problems.append(
                northstar._predicate_problem(path, sql, column, columns)
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}


{% macro _predicate_problem(path, sql, column, columns) -%}
    {%- set problem = northstar._column_problem(path, column, 'row', columns) -%}
    {%- set near = northstar.nearest(column, columns['row']) -%}
    {%- do problem.update({'given': northstar.shown(sql)}) -%}
    {%- if '"' ~ column ~ '"' in sql and near is none -%}
        {%- set text = "'" ~ column ~ "'" -%}
        {%- do problem.update({
            'message': 'There is no column ' ~ northstar.shown(column)
                ~ '. Double quotes are for names; text goes in single ones.',
            'write': northstar._yaml_lines(
                path, northstar._renamed(sql, column, text)
            ),
        }) -%}
    {%- elif near is not none and column not in columns['unmapped'] -%}
        {%- do problem.update({
            'write': northstar._yaml_lines(path, northstar._renamed(sql, column, near)),
        }) -%}
    {%- endif -%}
    {{ return(problem) }}
{%- endmacro %}
