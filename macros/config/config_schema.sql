{#-
    Every var of the package: what may stand in it, as data. walk_config() reads it.

    Example: northstar.config_schema()['northstar_week_start']
    Returns: {'type': 'integer', 'least': 1, 'most': 7, 'example': 1}

    A rule is a mapping with `type` and, where they apply, what the type needs:
        text         -
        expression   one SQL expression
        integer, number   least, most (inclusive), above (exclusive), not_zero
        boolean, date, zone, days ("7d"), age ("<7d"), name (a-z, 0-9, _)
        choice       allowed: the values
        names        sizes: how many texts the list may hold
        mapping      keys: rule by key; required: keys that must stand there
        mapping_of   of: the rule of each value; names: what the keys must be; by_name:
                     the rules of those that have one of their own
        list         of: the rule of each item; or_one: an item alone will do
        example      a value, as YAML, that an error can propose; where a rule has
                     none, its required keys or its own name make one
        hint         a sentence for whoever got it wrong
        may_be_null  nothing at all is as good as absent
        or           another rule, for a value that is a mapping or a list
-#}
{% macro config_schema() -%}
    {%- set days = {'type': 'integer', 'least': 1, 'most': 3660, 'example': 30} -%}
    {%- set schema = {
        'northstar_timezone': {'type': 'zone', 'example': 'Europe/London'},
        'northstar_week_start':
            {'type': 'integer', 'least': 1, 'most': 7, 'example': 1},
        'northstar_grace_hours':
            {'type': 'number', 'least': 0, 'most': 87600, 'example': 24},
        'northstar_min_event_date':
            {'type': 'date', 'example': '"2000-01-01"'},
        'northstar_left_censored_periods':
            {'type': 'integer', 'least': 0, 'most': 10000, 'example': 1},
        'northstar_anonymous_owner':
            {'type': 'choice', 'allowed': ['first', 'last'], 'example': 'first'},
        'northstar_max_identity_size':
            {'type': 'integer', 'least': 1, 'most': 1000, 'example': 50},
        'northstar_consent_purpose': {'type': 'text', 'example': 'analytics'},
        'northstar_consent_default':
            {'type': 'choice', 'allowed': ['granted', 'denied'], 'example': 'denied'},
        'northstar_identity_scope': {
            'type': 'choice', 'allowed': ['persistent', 'daily'],
            'example': 'persistent',
        },
        'northstar_keep_versions': {'type': 'boolean', 'example': 'true'},
        'northstar_using_drivers': {'type': 'boolean', 'example': 'false'},
        'northstar_segments': {
            'type': 'list', 'of': {'type': 'text', 'example': 'industry'},
            'may_be_null': true, 'example': '[industry]',
        },
        'northstar_min_cell':
            {'type': 'integer', 'least': 0, 'example': 10},
        'northstar_activation_windows': {
            'type': 'list', 'least': 1, 'of': days, 'example': '[1, 7, 14, 28]',
        },
        'northstar_repeat_window_days': days,
        'northstar_retention': northstar._retention_rule(),
        'northstar_funnels': northstar._funnels_rule(),
        'northstar_driver_metrics': {
            'type': 'list', 'of': {'type': 'text'}, 'may_be_null': true,
            'example': '[name_of_a_metric]',
        },
        'northstar_events': northstar._events_rule(),
        'northstar_entities': northstar._entities_rule(),
        'northstar_metrics': {
            'type': 'mapping_of', 'names': 'metric', 'of': northstar._metric_rule(),
            'may_be_null': true,
            'example': '{weekly_active_users: {level: north_star, entity: user, '
                ~ 'events: [{event: core_action}], window: {calendar: week}, '
                ~ 'total: entities}}',
        },
    } -%}
    {%- do schema.update(northstar._input_rules()) -%}
    {{ return(schema) }}
{%- endmacro %}


{% macro _relation_rule() -%}
    {{ return({
        'type': 'mapping', 'example': '{ref: raw_events}', 'keys': {
            'ref': {
                'type': 'text', 'example': 'raw_events',
                'or': {'type': 'names', 'sizes': [1, 2], 'example': '[package, model]'},
            },
            'source': {'type': 'names', 'sizes': [2], 'example': '[app, events]'},
        },
    }) }}
{%- endmacro %}


{#- Columns that an input maps; each proposes its own name. -#}
{% macro _columns_rule(names, required) -%}
    {{ return({
        'type': 'mapping', 'required': required,
        'keys': dict.fromkeys(names, {'type': 'expression'}),
    }) }}
{%- endmacro %}


{% macro _events_rule() -%}
    {%- set columns = northstar.contract_columns('northstar_events')
        | map(attribute='name') | list -%}
    {%- set attribute = {
        'type': 'expression', 'example': 'order_id',
        'or': {
            'type': 'mapping', 'required': ['expression'],
            'example': '{expression: delivered_at, type: timestamp}',
            'keys': {
                'expression': {'type': 'expression', 'example': 'delivered_at'},
                'type': {
                    'type': 'choice', 'example': 'timestamp',
                    'allowed': ['text', 'number', 'timestamp', 'boolean'],
                },
            },
        },
    } -%}
    {{ return({
        'type': 'list', 'may_be_null': true,
        'example': '[{name: app, relation: {ref: raw_events}, columns: {event_id: id, '
            ~ 'event_name: event, occurred_at: created_at, user_id: user_id}}]',
        'of': {
            'type': 'mapping', 'required': ['name', 'relation', 'columns'],
            'example': '{name: app, relation: {ref: raw_events}, columns: {…}}',
            'keys': {
                'name': {'type': 'text', 'example': 'app'},
                'relation': northstar._relation_rule(),
                'columns': northstar._columns_rule(
                    columns, ['event_name', 'occurred_at']
                ),
                'attributes': {
                    'type': 'mapping_of', 'names': 'attribute', 'of': attribute,
                    'example': '{order_id: order_id}',
                },
                'required': {'type': 'boolean', 'example': 'true'},
                'rows_without_id': {
                    'type': 'choice', 'allowed': ['distinct', 'hash'],
                    'example': 'distinct',
                },
            },
        },
    }) }}
{%- endmacro %}


{#- The inputs other than events: {relation, columns}, or a list of them. -#}
{% macro _input_rules() -%}
    {%- set rules = {} -%}
    {%- set utm = ['utm_source', 'utm_medium', 'utm_campaign'] -%}
    {%- set inputs = {
        'northstar_states': [
            ['entity', 'entity_id', 'state', 'valid_from'], ['valid_to', 'value'],
        ],
        'northstar_identity_links': [['from_id', 'to_id'], ['linked_at']],
        'northstar_exclusions': [
            ['id_type', 'id', 'reason'], ['valid_from', 'valid_to'],
        ],
        'northstar_consent': [
            ['id_type', 'id', 'status', 'valid_from'], ['purpose', 'valid_to'],
        ],
        'northstar_erasure_requests': [['id_type', 'id'], ['requested_at']],
        'northstar_touches': [
            ['id', 'touched_at'],
            ['channel'] + utm + ['landing_page', 'creative', 'is_paid'],
        ],
        'northstar_spend': [['date', 'channel', 'amount'], ['currency']],
        'northstar_signals': [
            ['signal', 'date'],
            ['value', 'numerator', 'denominator', 'segment', 'direction'],
        ],
        'northstar_exposures': [
            ['experiment', 'variant', 'entity_id', 'exposed_at'], [],
        ],
        'northstar_annotations': [
            ['noted_at', 'note'], ['metric', 'author', 'next_step', 'owner'],
        ],
        'northstar_targets': [['metric', 'period_start', 'target'], []],
    } -%}
    {%- set relation = northstar._relation_rule() -%}
    {%- for input, (required, optional) in inputs.items() -%}
        {%- do rules.update({input: {
            'type': 'list', 'or_one': true, 'may_be_null': true,
            'of': {
                'type': 'mapping', 'required': ['relation', 'columns'],
                'keys': {
                    'name': {'type': 'text', 'example': 'app'},
                    'relation': relation,
                    'columns': northstar._columns_rule(required + optional, required),
                    'required': {'type': 'boolean', 'example': 'true'},
                },
            },
        }}) -%}
    {%- endfor -%}
    {{ return(rules) }}
{%- endmacro %}


{% macro _entities_rule() -%}
    {{ return({
        'type': 'mapping_of', 'names': 'entity', 'may_be_null': true,
        'example': '{user: {id: user_id}}',
        'of': {
            'type': 'mapping', 'required': ['id'], 'example': '{id: user_id}',
            'keys': {
                'id': {'type': 'text', 'example': 'user_id'},
                'anchor': {'type': 'text', 'example': 'signed_up'},
            },
        },
    }) }}
{%- endmacro %}


{#- Both halves of a definition: what is computed, and how it is governed. -#}
{% macro _metric_rule() -%}
    {%- set keys = northstar._computing_rules() -%}
    {%- do keys.update(northstar._governance_rules()) -%}
    {%- do keys.update({'previous': northstar._previous_rule()}) -%}
    {{ return({
        'type': 'mapping', 'keys': keys,
        'example': '{entity: user, events: [{event: core_action}], '
            ~ 'window: {calendar: week}, total: entities}',
    }) }}
{%- endmacro %}


{#- The version before, which is published beside the new one for a while. -#}
{% macro _previous_rule() -%}
    {%- set keys = northstar._computing_rules() -%}
    {%- do keys.pop('ratio') -%}
    {%- set said = northstar._governance_rules() -%}
    {%- for key in northstar.said_of_a_version() -%}
        {%- do keys.update({key: said[key]}) -%}
    {%- endfor -%}
    {%- do keys.update({
        'overlap': {'type': 'integer', 'least': 1, 'example': 8},
    }) -%}
    {{ return({
        'type': 'mapping', 'keys': keys,
        'required': ['version', 'overlap'],
        'example': '{version: 1, overlap: 8, entity: user, '
            ~ 'events: [{event: core_action}], window: {calendar: week}, '
            ~ 'total: entities}',
    }) }}
{%- endmacro %}


{% macro _computing_rules() -%}
    {%- set text = {'type': 'text', 'example': 'core_action'} -%}
    {%- set column = {'type': 'text', 'example': 'value'} -%}
    {%- set positive = {'type': 'number', 'above': 0, 'example': 3} -%}
    {%- set rank = {'type': 'integer', 'least': 1, 'example': 2} -%}
    {%- set grain = northstar._grain_rule() -%}
    {%- set days = {'type': 'days', 'example': '7d'} -%}
    {{ return({
        'entity': {'type': 'text', 'example': 'user'},
        'events': {
            'type': 'list', 'least': 1, 'example': '[{event: core_action}]',
            'of': {
                'type': 'mapping', 'required': ['event'],
                'example': '{event: core_action}',
                'keys': {
                    'event': text,
                    'where': {'type': 'expression', 'example': '"plan = \'pro\'"'},
                    'at': {'type': 'text', 'example': 'occurred_at'},
                    'value': column,
                    'cap': {'type': 'number', 'above': 0, 'example': 1800},
                },
            },
        },
        'state': {
            'type': 'mapping', 'required': ['name'], 'example': '{name: paid}',
            'keys': {
                'name': {'type': 'text', 'example': 'paid'},
                'value': {'type': 'text', 'example': 'value'},
            },
        },
        'void': {
            'type': 'mapping', 'required': ['event', 'key'],
            'example': '{event: order_refunded, key: order_id, within_days: 30, '
                ~ 'mode: exclude}',
            'keys': {
                'event': {'type': 'text', 'example': 'order_refunded'},
                'key': {'type': 'text', 'example': 'order_id'},
                'within_days':
                    {'type': 'integer', 'least': 1, 'most': 3660, 'example': 30},
                'mode': {
                    'type': 'choice', 'allowed': ['exclude', 'net', 'ignore'],
                    'example': 'exclude',
                },
                'value': column,
            },
        },
        'nth': {
            'type': 'mapping', 'keys': {'min': rank, 'max': rank},
            'example': '{min: 2}',
        },
        'when': {
            'type': 'list', 'least': 1, 'example': '[{state: paid, at: event}]',
            'of': {
                'type': 'mapping', 'example': '{state: paid, at: event}',
                'keys': {
                    'state': {'type': 'text', 'example': 'paid'},
                    'at': {
                        'type': 'choice', 'example': 'event',
                        'allowed': ['event', 'period_any', 'period_end', 'period_all'],
                    },
                    'anchor_age': {'type': 'age', 'example': '"<7d"'},
                },
            },
        },
        'actors': {
            'type': 'mapping', 'required': ['distinct', 'at_least'],
            'example': '{distinct: user_id, at_least: 2}',
            'keys': {
                'distinct': {'type': 'text', 'example': 'user_id'},
                'at_least': {'type': 'integer', 'least': 1, 'example': 2},
            },
        },
        'per_entity': {
            'type': 'mapping', 'example': '{count: events, at_least: 3}',
            'keys': {
                'count':
                    {'type': 'choice', 'allowed': ['events'], 'example': 'events'},
                'distinct': {'type': 'text', 'example': 'local_date'},
                'sum': {
                    'type': 'choice', 'allowed': ['value'], 'example': 'value',
                    'hint': 'Name the column at the event: '
                        ~ '{event: …, value: amount}.',
                },
                'at_least': positive,
            },
        },
        'window': {
            'type': 'mapping', 'example': '{calendar: week}',
            'keys': {
                'calendar': grain,
                'rolling': {'type': 'days', 'example': '28d'},
                'step': days,
                'since_anchor': days,
                'book': {
                    'type': 'choice', 'allowed': ['cohort', 'completion'],
                    'example': 'cohort',
                },
                'grain': grain,
                'lifetime': grain,
                'as_of': grain,
            },
        },
        'total': {
            'type': 'choice', 'allowed': ['entities', 'measure'],
            'example': 'entities',
        },
        'ratio': {
            'type': 'names', 'sizes': [2], 'example': '[numerator, denominator]',
        },
        'unit_scale': {'type': 'number', 'not_zero': true, 'example': 0.01},
    }) }}
{%- endmacro %}


{% macro _governance_rules() -%}
    {%- set sentence = {'type': 'text', 'example': '"One sentence."'} -%}
    {%- set person = {'type': 'text', 'example': '"Name or team"'} -%}
    {%- set date = {'type': 'date', 'example': '"2026-01-31"'} -%}
    {{ return({
        'label': {'type': 'text', 'example': '"Weekly active users"'},
        'level': {
            'type': 'choice', 'example': 'driver',
            'allowed': [
                'north_star', 'product_line', 'driver', 'guardrail', 'input',
                'candidate',
            ],
        },
        'drives': {
            'type': 'text', 'example': 'name_of_a_metric',
            'or': {'type': 'names', 'example': '[name_of_a_metric]'},
        },
        'edge': {
            'type': 'choice', 'allowed': ['component', 'influence'],
            'example': 'influence',
        },
        'type': {
            'type': 'choice', 'example': 'usage',
            'allowed': ['usage', 'outcome', 'marketplace', 'revenue'],
        },
        'version': {'type': 'integer', 'least': 1, 'example': 1},
        'plain_language': sentence,
        'counts': northstar._prose_rule(),
        'does_not_count': northstar._prose_rule(),
        'why': sentence,
        'owners': {
            'type': 'mapping', 'example': '{sponsor: "Name", data: "Name"}',
            'keys': {'sponsor': person, 'data': person, 'functional': person},
        },
        'review_due': date,
        'effective_from': date,
        'approved_by': person,
        'unit': {'type': 'text', 'example': 'teams'},
        'direction': {'type': 'choice', 'allowed': ['up', 'down'], 'example': 'up'},
        'guardrails': {
            'type': 'list', 'of': {'type': 'text', 'example': 'refund_rate'},
            'example': '[refund_rate]',
        },
        'target': {'type': 'number', 'example': 1000},
        'segments': {
            'type': 'list', 'of': {'type': 'text', 'example': 'enterprise'},
            'example': '[enterprise]',
        },
        'evidence': {
            'type': 'choice', 'allowed': ['none', 'association', 'experiment'],
            'example': 'association',
        },
        'evidence_source': {'type': 'text', 'example': '"Where it can be read"'},
        'suppress': {
            'type': 'list', 'example': '[{rule: NS007, reason: "Why it is so"}]',
            'of': {
                'type': 'mapping', 'required': ['rule', 'reason'],
                'example': '{rule: NS007, reason: "Why it is so"}',
                'keys': {
                    'rule': {'type': 'text', 'example': 'NS007'},
                    'reason': {'type': 'text', 'example': '"Why it is so"'},
                },
            },
        },
    }) }}
{%- endmacro %}


{#- A sentence, or a list of them. -#}
{% macro _prose_rule() -%}
    {{ return({
        'type': 'text', 'example': '"What it is."',
        'or': {'type': 'names', 'example': '["One thing.", "Another."]'},
    }) }}
{%- endmacro %}


{% macro _grain_rule() -%}
    {{ return({
        'type': 'choice', 'allowed': ['day', 'week', 'month', 'quarter'],
        'example': 'week',
    }) }}
{%- endmacro %}


{% macro _retention_rule() -%}
    {%- set day = {'type': 'integer', 'least': 0, 'most': 3660, 'example': 7} -%}
    {{ return({
        'type': 'list', 'may_be_null': true,
        'example': '[{name: d7, kind: n_day, days: [1, 7, 28]}]',
        'of': {
            'type': 'mapping', 'required': ['name', 'kind'],
            'example': '{name: d7, kind: n_day, days: [1, 7, 28]}',
            'keys': {
                'name': {'type': 'text', 'example': 'd7'},
                'metric': {'type': 'text', 'example': 'name_of_a_metric'},
                'kind': {
                    'type': 'choice', 'example': 'n_day',
                    'allowed': ['period', 'n_day', 'bracket', 'unbounded'],
                },
                'days': {
                    'type': 'list', 'least': 1, 'example': '[1, 7, 28]',
                    'of': {
                        'type': 'integer', 'least': 0, 'most': 3660, 'example': 7,
                        'or': {'type': 'list', 'of': day, 'example': '[1, 7]'},
                    },
                },
                'horizon':
                    {'type': 'integer', 'least': 1, 'most': 3660, 'example': 56},
                'cohort': {
                    'type': 'choice', 'allowed': ['first', 'recurring'],
                    'example': 'first',
                },
                'clock': {
                    'type': 'choice', 'allowed': ['calendar', '24h'],
                    'example': 'calendar',
                },
            },
        },
    }) }}
{%- endmacro %}


{% macro _funnels_rule() -%}
    {%- set step = {
        'type': 'mapping', 'required': ['event'], 'example': '{event: signed_up}',
        'keys': {
            'event': {'type': 'text', 'example': 'signed_up'},
            'where': {'type': 'expression', 'example': '"plan = \'pro\'"'},
        },
    } -%}
    {%- set funnel = {
        'type': 'mapping', 'required': ['entity', 'steps', 'window'],
        'example': '{entity: user, steps: [{event: signed_up}, '
            ~ '{event: core_action}], window: 7d, grain: week}',
        'keys': {
            'entity': {'type': 'text', 'example': 'user'},
            'steps': {
                'type': 'list', 'least': 2, 'of': step,
                'example': '[{event: signed_up}, {event: core_action}]',
            },
            'window': {'type': 'days', 'example': '7d'},
            'grain': northstar._grain_rule(),
        },
    } -%}
    {{ return({
        'type': 'mapping_of', 'names': 'funnel', 'may_be_null': true,
        'example': '{signup_to_value: {entity: user, steps: [{event: signed_up}, '
            ~ '{event: core_action}], window: 7d, grain: week}}',
        'of': funnel,
        'by_name': {
            'signup_to_value': {'type': 'boolean', 'example': 'false', 'or': funnel},
        },
    }) }}
{%- endmacro %}
