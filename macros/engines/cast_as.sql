{#-
    An expression of a known type family (see expression_types) as one of the four
    types that the package works with. What cannot be read becomes null, and is counted.

    as_text(expression, family)     text; a number without the zeros after its last digit
    as_number(expression, family)   decimal(38, 9); NaN, infinity and 10^19 or more are
                                    null, so that no sum overflows
    as_boolean(expression, family)  true for true, 1, 'true', 't', 'yes', 'y'
    as_instant(expression, family)  UTC timestamp without zone. A timestamp without zone
                                    is UTC; a date is the local midnight; text is
                                    ISO 8601, with or without an offset

    An unknown family (the relation does not exist yet) is taken as the target type.
-#}
{% macro as_text(expression, family) -%}
    {{ return(adapter.dispatch('as_text', 'northstar')(expression, family)) }}
{%- endmacro %}

{% macro default__as_text(expression, family) -%}
    {{ return('cast(' ~ expression ~ ' as ' ~ northstar.text_type() ~ ')') }}
{%- endmacro %}

{#- DuckDB prints a whole double as 7.0, and a decimal with all of its places. -#}
{% macro duckdb__as_text(expression, family) -%}
    {%- if family in ('decimal', 'float') -%}
        {{ return(
            "regexp_replace(cast(" ~ expression
            ~ " as varchar), '[.]0+$|([.][0-9]*[1-9])0+$', '\\1')"
        ) }}
    {%- endif -%}
    {{ return(northstar.default__as_text(expression, family)) }}
{%- endmacro %}

{#- PostgreSQL prints a double with the digits it needs, a decimal with all places. -#}
{% macro postgres__as_text(expression, family) -%}
    {%- if family == 'decimal' -%}
        {{ return('cast(trim_scale(' ~ expression ~ ') as text)') }}
    {%- endif -%}
    {{ return(northstar.default__as_text(expression, family)) }}
{%- endmacro %}

{% macro as_number(expression, family) -%}
    {{ return(adapter.dispatch('as_number', 'northstar')(expression, family)) }}
{%- endmacro %}

{% macro duckdb__as_number(expression, family) -%}
    {{ return(
        'cast(try_cast(' ~ expression ~ ' as decimal(28, 9)) as decimal(38, 9))'
    ) }}
{%- endmacro %}

{#- PostgreSQL raises where DuckDB's try_cast gives null, and cuts a float to fifteen
    digits unless it goes through text. -#}
{% macro postgres__as_number(expression, family) -%}
    {%- set number = expression -%}
    {%- set valid = 'true' -%}
    {%- if family in ('text', 'other') -%}
        {%- set number = 'cast(' ~ expression ~ ' as text)' -%}
        {%- set valid = "pg_input_is_valid(" ~ number ~ ", 'numeric')" -%}
    {%- elif family == 'float' -%}
        {%- set number = 'cast(' ~ expression ~ ' as text)' -%}
    {%- endif -%}
    {{ return(
        'case when ' ~ valid ~ ' then case when abs(cast(' ~ number
        ~ ' as numeric)) < 1e19 then cast(cast(' ~ number
        ~ ' as numeric) as decimal(38, 9)) end end'
    ) }}
{%- endmacro %}

{% macro as_boolean(expression, family) -%}
    {%- if family in ('integer', 'decimal', 'float') -%}
        {{ return('(' ~ expression ~ ') <> 0') }}
    {%- elif family == 'text' -%}
        {{ return('lower(' ~ expression ~ ") in ('true', 't', '1', 'yes', 'y')") }}
    {%- endif -%}
    {{ return(expression) }}
{%- endmacro %}

{% macro as_instant(expression, family) -%}
    {%- if family == 'timestamptz' -%}
        {{ return('(' ~ expression ~ ") at time zone 'UTC'") }}
    {%- elif family == 'date' -%}
        {{ return(northstar.local_midnight('(' ~ expression ~ ')')) }}
    {%- elif family in ('text', 'other') -%}
        {{ return(northstar.instant_of_text(
            'cast(' ~ expression ~ ' as ' ~ northstar.text_type() ~ ')'
        )) }}
    {%- endif -%}
    {{ return('cast(' ~ expression ~ ' as timestamp)') }}
{%- endmacro %}

{% macro instant_of_text(text) -%}
    {{ return(adapter.dispatch('instant_of_text', 'northstar')(text)) }}
{%- endmacro %}

{#- A cast to timestamp would pass over the offset; one to timestamptz takes neither a
    small z nor a blank before the offset. -#}
{% macro duckdb__instant_of_text(text) -%}
    {%- set date = 'try_cast(' ~ text ~ ' as date)' -%}
    {%- set zoned = "regexp_replace(upper(" ~ text ~ "), ' ([Z+-])', '\\1')" -%}
    {{ return(
        "case when regexp_full_match(" ~ text ~ ", '\\d{4}-\\d{2}-\\d{2}') then "
        ~ northstar.local_midnight(date)
        ~ " when regexp_full_match(" ~ text ~ ", '" ~ northstar.iso_instant_pattern()
        ~ "') then case when regexp_matches(" ~ text ~ ", '"
        ~ northstar.iso_offset_pattern() ~ "$') then try_cast(" ~ zoned
        ~ " as timestamptz) at time zone 'UTC' else try_cast(" ~ text
        ~ " as timestamp) end end"
    ) }}
{%- endmacro %}

{% macro postgres__instant_of_text(text) -%}
    {%- set instant = "case when " ~ text ~ " ~ '^" ~ northstar.iso_instant_pattern()
        ~ "$' and pg_input_is_valid(" ~ text ~ ", 'timestamptz') then " -%}
    {{ return(
        "case when " ~ text ~ " ~ '^\\d{4}-\\d{2}-\\d{2}$' then case when"
        ~ " pg_input_is_valid(" ~ text ~ ", 'date') then "
        ~ northstar.local_midnight('cast(' ~ text ~ ' as date)')
        ~ " end when " ~ text ~ " ~ '" ~ northstar.iso_offset_pattern() ~ "$' then "
        ~ instant ~ "cast(" ~ text ~ " as timestamptz) at time zone 'UTC' end else "
        ~ instant
        ~ "cast(" ~ text ~ " as timestamp) end end"
    ) }}
{%- endmacro %}

{#- No leap seconds, and offsets under 16 hours: what every engine reads alike. -#}
{% macro iso_instant_pattern() -%}
    {{ return(
        '\\d{4}-\\d{2}-\\d{2}[T ]\\d{2}:\\d{2}(:[0-5]\\d([.]\\d{1,6})?)?( ?'
        ~ northstar.iso_offset_pattern() ~ ')?'
    ) }}
{%- endmacro %}

{% macro iso_offset_pattern() -%}
    {{ return('(Z|z|[+-](0\\d|1[0-5])(:?[0-5]\\d)?)') }}
{%- endmacro %}
