{#-
    What the latest consent record that holds for a row says: true, false, or null
    where there is none. A row can be named by its person, its device and its account;
    the record that began last decides, and where records of one instant disagree
    consent is not granted.

    Example: {{ northstar.latest_consent(['person', 'anonymous']) }}

    keys: the joins consent_<key> of the row, with decided_at and is_granted
-#}
{% macro latest_consent(keys) -%}
    {%- set keys = keys | list -%}
    {%- if keys | length == 1 -%}
        {{ return('consent_' ~ keys[0] ~ '.is_granted') }}
    {%- endif -%}
    {%- set decided = [] -%}
    {%- for key in keys -%}{%- do decided.append('consent_' ~ key ~ '.decided_at') -%}{%- endfor -%}
    {%- set latest = northstar.greatest_of(decided) -%}
    {%- set denied = [] -%}
    {%- set granted = [] -%}
    {%- for key in keys -%}
        {%- set decides = 'consent_' ~ key ~ '.decided_at = ' ~ latest -%}
        {%- do denied.append(decides ~ ' and not consent_' ~ key ~ '.is_granted') -%}
        {%- do granted.append(decides ~ ' and consent_' ~ key ~ '.is_granted') -%}
    {%- endfor -%}
    {{ return(
        'case when ' ~ denied | join(' or ') ~ ' then false when '
        ~ granted | join(' or ') ~ ' then true end'
    ) }}
{%- endmacro %}
