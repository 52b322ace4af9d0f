{#-
    What a project that has configured nothing reads: the least that it must write.
-#}
{% macro getting_started() -%}
    {{ return([
        'northstar is installed, and `northstar_events` is not set yet.',
        '',
        'Put this into dbt_project.yml and make it yours. It is all that is needed:',
        '',
        'vars:',
        '  northstar:',
        '    northstar_events:                  # where your events are',
        '      - name: app',
        '        relation: {ref: raw_events}    # or {source: [app, events]}',
        '        columns:                       # our column: SQL over your table',
        '          event_id: id',
        '          event_name: event',
        '          occurred_at: created_at',
        '          user_id: user_id',
        '    northstar_entities:                # who or what is counted',
        '      user: {id: user_id, anchor: signed_up}',
        '    northstar_metrics:                 # your North Star, in a sentence',
        '      weekly_active_users:',
        '        level: north_star',
        '        entity: user',
        '        events: [{event: core_action}]',
        '        window: {calendar: week}',
        '        total: entities',
        '',
        'Then: dbt build',
    ] | join('\n')) }}
{%- endmacro %}
