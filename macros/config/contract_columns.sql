{#-
    The columns that each input may map, in contract order, with the type that staging
    gives them: id (text, the empty string is null), text, number, boolean, instant.

    Example: {% for column in northstar.contract_columns('northstar_states') %}
-#}
{% macro contract_columns(input) -%}
    {{ return({
        'northstar_events': [
            {'name': 'event_id', 'type': 'id'},
            {'name': 'event_name', 'type': 'text'},
            {'name': 'occurred_at', 'type': 'instant'},
            {'name': 'loaded_at', 'type': 'instant'},
            {'name': 'user_id', 'type': 'id'},
            {'name': 'anonymous_id', 'type': 'id'},
            {'name': 'account_id', 'type': 'id'},
            {'name': 'value', 'type': 'number'},
            {'name': 'currency', 'type': 'text'},
            {'name': 'channel', 'type': 'text'},
            {'name': 'utm_source', 'type': 'text'},
            {'name': 'utm_medium', 'type': 'text'},
            {'name': 'utm_campaign', 'type': 'text'},
            {'name': 'referrer', 'type': 'text'},
            {'name': 'landing_page', 'type': 'text'},
            {'name': 'device', 'type': 'text'},
            {'name': 'country', 'type': 'text'},
            {'name': 'plan', 'type': 'text'},
            {'name': 'persona', 'type': 'text'},
            {'name': 'company_size', 'type': 'text'},
            {'name': 'is_internal', 'type': 'boolean'},
            {'name': 'is_bot', 'type': 'boolean'},
            {'name': 'is_test', 'type': 'boolean'},
        ],
        'northstar_states': [
            {'name': 'entity', 'type': 'id'},
            {'name': 'entity_id', 'type': 'id'},
            {'name': 'state', 'type': 'text'},
            {'name': 'valid_from', 'type': 'instant'},
            {'name': 'valid_to', 'type': 'instant'},
            {'name': 'value', 'type': 'number'},
        ],
        'northstar_identity_links': [
            {'name': 'from_id', 'type': 'id'},
            {'name': 'to_id', 'type': 'id'},
            {'name': 'linked_at', 'type': 'instant'},
        ],
        'northstar_exclusions': [
            {'name': 'id_type', 'type': 'text'},
            {'name': 'id', 'type': 'id'},
            {'name': 'reason', 'type': 'text'},
            {'name': 'valid_from', 'type': 'instant'},
            {'name': 'valid_to', 'type': 'instant'},
        ],
        'northstar_consent': [
            {'name': 'id_type', 'type': 'text'},
            {'name': 'id', 'type': 'id'},
            {'name': 'purpose', 'type': 'text'},
            {'name': 'status', 'type': 'text'},
            {'name': 'valid_from', 'type': 'instant'},
            {'name': 'valid_to', 'type': 'instant'},
        ],
        'northstar_erasure_requests': [
            {'name': 'id_type', 'type': 'text'},
            {'name': 'id', 'type': 'id'},
            {'name': 'requested_at', 'type': 'instant'},
        ],
        'northstar_signals': [
            {'name': 'signal', 'type': 'text'},
            {'name': 'date', 'type': 'instant'},
            {'name': 'value', 'type': 'number'},
            {'name': 'numerator', 'type': 'number'},
            {'name': 'denominator', 'type': 'number'},
            {'name': 'segment', 'type': 'id'},
            {'name': 'direction', 'type': 'text'},
        ],
    }[input]) }}
{%- endmacro %}
