{#-
    The analyses of retention, every default written out, in the order written. Without
    any it is retention by period. One that no metric fits is left out.

    Example: {% for analysis in northstar.retention_analyses() %}
    Output:  [{name: 'd7', kind: 'n_day', cohort: 'first', clock: 'calendar',
               metrics: [metric], horizon: 52, windows: [[1, 2], [7, 8]]}]

    metrics  the one that is named, or all driver metrics; calendar ones alone
    horizon  the last period that is followed, for the kind `period`
    windows  days after the start, [since, until), for the other kinds
-#}
{% macro retention_analyses() -%}
    {%- set known = northstar.recall('retention_analyses') -%}
    {%- if known is not none -%}{{ return(known) }}{%- endif -%}
    {%- set analyses = [] -%}
    {%- for written in var('northstar_retention', none)
        or [{'name': 'by_period', 'kind': 'period'}] if northstar.uses_drivers() -%}
        {%- set analysis = {
            'name': written.name,
            'kind': written.kind,
            'cohort': written.cohort or 'first',
            'clock': written.clock or 'calendar',
            'metrics': northstar._analysed_metrics(written.metric),
            'horizon': written.horizon or 52,
            'windows': northstar._retention_windows(written),
        } -%}
        {%- if analysis.metrics and (analysis.kind == 'period' or analysis.windows) -%}
            {%- do analyses.append(analysis) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(northstar.remember('retention_analyses', analyses)) }}
{%- endmacro %}

{% macro _analysed_metrics(name) -%}
    {%- if not name -%}
        {{ return(northstar.driver_metrics('calendar')) }}
    {%- endif -%}
    {%- set found = [] -%}
    {%- for metric in northstar.metrics()
        if metric.name == name and not metric.ratio and metric.window.kind == 'calendar'
        and northstar.is_followed(metric) -%}
        {%- do found.append(metric) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{#- Plain numbers in a bracket bound one bracket after another; a pair is one alone. -#}
{% macro _retention_windows(written) -%}
    {%- set days = written.days or [1, 7, 28] -%}
    {%- set plain = days | select('integer') | list -%}
    {%- set windows = [] -%}
    {%- if written.kind == 'n_day' -%}
        {%- for day in plain -%}
            {%- do windows.append([day, day + 1]) -%}
        {%- endfor -%}
    {%- elif written.kind == 'unbounded' -%}
        {%- set horizon = written.horizon or ([56] + plain) | max -%}
        {%- for day in plain -%}
            {%- do windows.append([day, horizon + 1]) -%}
        {%- endfor -%}
    {%- elif written.kind == 'bracket' -%}
        {%- for pair in days | reject('integer') -%}
            {%- do windows.append([pair[0], pair[1]]) -%}
        {%- endfor -%}
        {%- for day in plain[1:] -%}
            {%- do windows.append([plain[loop.index0], day]) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- set sound = [] -%}
    {%- for window in windows | sort if window[0] < window[1] -%}
        {%- if window not in sound -%}
            {%- do sound.append(window) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(sound) }}
{%- endmacro %}
