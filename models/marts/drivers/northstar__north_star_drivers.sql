{#-
    The drivers of the North Star side by side, as the semantic layer reads them: what
    northstar__growth_accounting and the other marts say of it, and nothing of its own.
    What the North Star cannot have (a cohort's return to a ratio) is null.
-#}

{{ config(
    materialized='northstar_view',
    enabled=northstar.uses_drivers() or northstar.metrics_stay(),
) }}

{% if not northstar.uses_drivers() %}{{ northstar.no_rows() }}{% else %}
{%- set north_star = northstar.metrics() | selectattr('is_north_star') | first -%}
{%- set grows = north_star in northstar.driver_metrics('calendar', 'rolling') -%}
{%- set is_calendar = north_star in northstar.driver_metrics('calendar') -%}
{%- set is_anchored =
    north_star in northstar.driver_metrics('calendar', 'since_anchor') -%}
{%- set windows = northstar.activation_windows(north_star) -%}
{%- set by_period = [] -%}
{%- for analysis in northstar.retention_analyses()
    if analysis.kind == 'period' and analysis.cohort == 'first'
    and north_star in analysis.metrics -%}
    {%- do by_period.append(analysis.name) -%}
{%- endfor -%}
{%- set amount = northstar.number_type() -%}
{%- set drivers = [
    {
        'mart': 'northstar__growth_accounting', 'is_there': grows, 'where': '1 = 1',
        'columns': [
            ['new_entities', 'bigint', 'new_entities'],
            ['retained_entities', 'bigint', 'retained_entities'],
            ['resurrected_entities', 'bigint', 'resurrected_entities'],
            ['gained_entities', 'bigint', 'new_entities + resurrected_entities'],
            ['churned_entities', 'bigint', 'churned_entities'],
            ['previous_entities', 'bigint', northstar.closed('previous_entities')],
            ['retained_of_previous', 'bigint', northstar.closed('retained_entities')],
            ['dormant_pool', 'bigint', northstar.closed('dormant_pool')],
            ['resurrected_of_dormant', 'bigint',
                northstar.closed('resurrected_entities')],
            ['never_pool', 'bigint', northstar.closed('never_pool')],
            ['new_of_never', 'bigint', northstar.closed('new_entities')],
        ],
    },
    {
        'mart': 'northstar__activation_cohorts', 'is_there': is_anchored,
        'where': 'window_days = ' ~ (7 if 7 in windows else windows[0]),
        'columns': [
            ['activation_window_days', 'int', 'window_days'],
            ['activation_mature_entities', 'bigint', 'mature_entities'],
            ['activated_entities', 'bigint', 'activated_entities'],
        ],
    },
    {
        'mart': 'northstar__time_to_value', 'is_there': is_calendar, 'where': 'day = 0',
        'columns': [['median_days_to_value', amount, 'median_days']],
    },
    {
        'mart': 'northstar__repeat_steps', 'is_there': is_calendar, 'where': 'n = 1',
        'columns': [
            ['repeat_mature_entities', 'bigint', 'mature_entities'],
            ['repeated_entities', 'bigint', 'repeated_entities'],
        ],
    },
    {
        'mart': 'northstar__retention_cohorts', 'is_there': by_period | length > 0,
        'where': "periods_since = 1 and analysis_name = "
            ~ northstar.string_literal(by_period | first or ''),
        'columns': [
            ['cohort_mature_entities', 'bigint', 'mature_entities'],
            ['cohort_retained_entities', 'bigint', 'retained_entities'],
        ],
    },
    {
        'mart': 'northstar__engagement', 'is_there': is_calendar, 'where': '1 = 1',
        'columns': [
            ['dau', amount, 'dau'],
            ['wau', 'bigint', 'wau'],
            ['mau', 'bigint', 'mau'],
            ['stickiness', amount, 'stickiness'],
            ['frequency', amount, 'frequency'],
            ['adoption_breadth', amount, 'adoption_breadth'],
            ['adoption_depth', amount, 'adoption_depth'],
        ],
    },
    {
        'mart': 'northstar__concentration', 'is_there': is_calendar, 'where': '1 = 1',
        'columns': [
            ['top_decile_share', amount, 'top_decile_share'],
            ['gini', amount, 'gini'],
            ['top_entity_share', amount, 'top_entity_share'],
        ],
    },
] %}

with

metric_periods as (
    select * from {{ ref('northstar__metric_periods') }}
    where is_north_star
),
{% for driver in drivers if driver.is_there %}
{{ driver.mart | replace('northstar__', '') }} as (
    select
        period_start,
        {%- for name, _, expression in driver.columns %}
        {{ expression }} as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref(driver.mart) }}
    where metric_name = '{{ north_star.name }}' and {{ driver.where }}
),
{% endfor %}
joined as (
    select
        metric_periods.period_start,
        metric_periods.period_end,
        metric_periods.period_status,
        metric_periods.value,
        metric_periods.qualified_entities
        {%- for driver in drivers %}
        {%- for name, type, _ in driver.columns %},
        {{ driver.mart | replace('northstar__', '') ~ '.' ~ name if driver.is_there
            else 'cast(null as ' ~ type ~ ') as ' ~ name }}
        {%- endfor %}
        {%- endfor %}
    from metric_periods
    {%- for driver in drivers if driver.is_there %}
    {%- set mart = driver.mart | replace('northstar__', '') %}
    left join {{ mart }} on metric_periods.period_start = {{ mart }}.period_start
    {%- endfor %}
)

select
    period_start,
    period_end,
    period_status,
    value,
    qualified_entities,
{%- for name in drivers | map(attribute='columns') | sum(start=[]) | map('first') %}
    {{ name }}{{ ',' if not loop.last }}
{%- endfor %}
from joined
{% endif %}
