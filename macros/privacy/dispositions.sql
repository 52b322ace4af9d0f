{#-
    Steps 5 to 7 as expressions over rows that have their ids, flags and person: which
    keys a row can be named by, and what it is put aside for.

    judged_by()     the keys by the column that holds each: person, anonymous, account
    disposition()   erased, what the row is excluded for, no_consent, or accepted; null
                    flags count as false

    judgement_joins(instant)   the joins that disposition() reads: each register that the
                    project has, once for each key, by the row's instant

    The row's relation is `identified`.
-#}
{% macro judged_by() -%}
    {%- set keys = {} -%}
    {%- if northstar.has_people() -%}
        {%- do keys.update({'person': 'person_id'}) -%}
    {%- endif -%}
    {%- for key, column in [
        ('anonymous', 'anonymous_id'), ('account', 'account_id')
    ] if northstar.has_event_column(column) -%}
        {%- do keys.update({key: column}) -%}
    {%- endfor -%}
    {{ return(keys) }}
{%- endmacro %}

{% macro disposition() -%}
    {%- set keys = northstar.judged_by() -%}
    {%- set rules = [] -%}
    {%- if northstar.has_input('northstar_erasure_requests') -%}
        {%- set erased = [] -%}
        {%- for key in keys if key != 'anonymous' -%}
            {%- do erased.append('erased_' ~ key ~ '.key_id is not null') -%}
        {%- endfor -%}
        {%- do rules.append(('erased', erased)) -%}
    {%- endif -%}
    {%- for reason, flag in [
        ('internal', 'is_internal'),
        ('bot', 'is_bot'),
        ('fraud', none),
        ('test', 'is_test'),
        ('excluded', none),
    ] -%}
        {%- set reason_order = loop.index -%}
        {%- set conditions = ['identified.' ~ flag]
            if flag and northstar.has_event_column(flag) else [] -%}
        {%- for key in keys if northstar.has_input('northstar_exclusions') -%}
            {%- do conditions.append(
                'excluded_' ~ key ~ '.reason_order = ' ~ reason_order
            ) -%}
        {%- endfor -%}
        {%- do rules.append((reason, conditions)) -%}
    {%- endfor -%}
    {%- if northstar.has_input('northstar_consent') -%}
        {%- set default = var('northstar_consent_default') == 'granted' -%}
        {%- do rules.append((
            'no_consent',
            ['not coalesce(' ~ northstar.latest_consent(keys) ~ ', ' ~ default | lower
                ~ ')'],
        )) -%}
    {%- endif -%}
    {%- set branches = [] -%}
    {%- for disposition, conditions in rules if conditions -%}
        {%- do branches.append(
            'when ' ~ conditions | join(' or ') ~ " then '" ~ disposition ~ "'"
        ) -%}
    {%- endfor -%}
    {%- if not branches -%}{{ return("'accepted'") }}{%- endif -%}
    {{ return('case ' ~ branches | join(' ') ~ " else 'accepted' end") }}
{%- endmacro %}

{#-
    Whether what a row is put aside for can depend on the hour, not only on whose it is:
    consent, or exclusions with a beginning or an end.
-#}
{% macro has_timed_privacy() -%}
    {%- set timed = [] -%}
    {%- for entry in northstar.input_entries('northstar_exclusions')
        if 'valid_from' in entry.columns or 'valid_to' in entry.columns -%}
        {%- do timed.append(entry) -%}
    {%- endfor -%}
    {{ return(northstar.has_input('northstar_consent') or timed | length > 0) }}
{%- endmacro %}

{% macro judgement_joins(instant) -%}
    {%- set joins = [] -%}
    {%- for input, relation, prefix, is_timed in [
        ('erasure_requests', 'int_northstar__erased_ids', 'erased_', false),
        ('exclusions', 'int_northstar__exclusion_periods', 'excluded_', true),
        ('consent', 'int_northstar__consent_periods', 'consent_', true),
    ] if northstar.has_input('northstar_' ~ input) -%}
        {%- for key, column in northstar.judged_by().items()
            if not (prefix == 'erased_' and key == 'anonymous') -%}
            {%- set name = prefix ~ key -%}
            {%- set on = [
                name ~ ".key_type = '" ~ key ~ "'",
                'identified.' ~ column ~ ' = ' ~ name ~ '.key_id',
            ] -%}
            {%- if is_timed -%}
                {%- do on.append('identified.' ~ instant ~ ' >= ' ~ name ~ '.valid_from') -%}
                {%- do on.append('identified.' ~ instant ~ ' < ' ~ name ~ '.valid_to') -%}
            {%- endif -%}
            {%- do joins.append(
                'left join ' ~ ref('northstar', relation) ~ ' as ' ~ name ~ ' on '
                ~ on | join(' and ')
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(joins | join('\n')) }}
{%- endmacro %}

{#- Whether anything but a row's own flags can put it aside after step 3. -#}
{% macro has_registers() -%}
    {{ return(
        northstar.has_input('northstar_erasure_requests')
        or northstar.has_input('northstar_exclusions')
        or northstar.has_input('northstar_consent')
    ) }}
{%- endmacro %}
