{#-
    Quantiles of durations of which some still go on: the Kaplan-Meier estimate. Source:
    Kaplan, Meier, Nonparametric Estimation from Incomplete Observations, JASA 53 (1958).

    followed_for(reached_seconds, followed_seconds)
                                              how long someone was followed: until it
                                              happened, or until the data end. Whole
                                              seconds, rounded down; what happens in the
                                              very second in which the data end was seen
    share_waiting(events, at_risk, partition_by, order_by)
                                              the share still waiting after each time,
                                              a window expression over one row a time
    days_until(share, seconds, waiting)       when this share has got there, in days: an
                                              aggregate over the rows of share_waiting;
                                              null if it never did

    Where the curve runs level at the share it is the middle of the level part, so that
    without censoring this is the usual quantile.
-#}
{% macro followed_for(reached_seconds, followed_seconds) -%}
    {{ return(
        'case when ' ~ reached_seconds ~ ' <= ' ~ followed_seconds ~ ' then '
        ~ reached_seconds ~ ' else ' ~ followed_seconds ~ ' end'
    ) }}
{%- endmacro %}

{% macro share_waiting(events, at_risk, partition_by, order_by) -%}
    {{ return(
        'case when ' ~ events ~ ' = ' ~ at_risk ~ ' then 0 else exp(sum(ln(case when '
        ~ events ~ ' < ' ~ at_risk ~ ' then 1 - cast(' ~ events
        ~ ' as ' ~ northstar.float_type() ~ ') / ' ~ at_risk ~ ' else 1 end)) over (partition by '
        ~ partition_by ~ ' order by ' ~ order_by ~ ')) end'
    ) }}
{%- endmacro %}

{% macro days_until(share, seconds, waiting) -%}
    {%- set level = 1 - share -%}
    {%- set reached = 'min(case when ' ~ waiting ~ ' <= ' ~ level ~ ' + 1e-9 then '
        ~ seconds ~ ' end)' -%}
    {%- set passed = 'min(case when ' ~ waiting ~ ' < ' ~ level ~ ' - 1e-9 then '
        ~ seconds ~ ' end)' -%}
    {#- so many seconds over two days never end in a 5 at the tenth place -#}
    {{ return(northstar.rounded(northstar.divided(
        '(' ~ reached ~ ' + coalesce(' ~ passed ~ ', ' ~ reached ~ '))', '172800.0'
    ))) }}
{%- endmacro %}
