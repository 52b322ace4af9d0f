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

    Engines print numbers in their own ways, raise on other texts, and know other
    spellings of an instant; what is read here is what all of them can be taught.
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

{#- Spark prints a large double as 1.0E10, a decimal with all of its places. -#}
{% macro spark__as_text(expression, family) -%}
    {%- if family == 'float' -%}
        {{ return(
            'case when ' ~ expression ~ ' = 0 or abs(' ~ expression
            ~ ') between 1e-9 and 1e19 then '
            ~ northstar._spark_trimmed('try_cast(' ~ expression ~ ' as decimal(38, 18))')
            ~ ' else cast(' ~ expression ~ ' as string) end'
        ) }}
    {%- elif family == 'decimal' -%}
        {{ return(northstar._spark_trimmed(expression)) }}
    {%- endif -%}
    {{ return(northstar.default__as_text(expression, family)) }}
{%- endmacro %}

{% macro _spark_trimmed(decimal) -%}
    {{ return(
        'regexp_replace(cast(' ~ decimal
        ~ " as string), '[.]0+$|([.][0-9]*[1-9])0+$', '$1')"
    ) }}
{%- endmacro %}

{#- Prints a decimal with all of its places, and takes an integer for one of none. -#}
{% macro snowflake__as_text(expression, family) -%}
    {%- set text = northstar.default__as_text(expression, family) -%}
    {%- if family == 'decimal' -%}
        {{ return(
            'case when ' ~ text ~ " like '%.%' then rtrim(rtrim(" ~ text
            ~ ", '0'), '.') else " ~ text ~ ' end'
        ) }}
    {%- endif -%}
    {{ return(text) }}
{%- endmacro %}

{#- A boolean cannot be cast to text, and there is no trim_scale. -#}
{% macro redshift__as_text(expression, family) -%}
    {%- if family == 'boolean' -%}
        {{ return(
            'case when ' ~ expression ~ " then 'true' when not (" ~ expression
            ~ ") then 'false' end"
        ) }}
    {%- endif -%}
    {{ return(northstar.snowflake__as_text(expression, family)) }}
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

{% macro default__as_number(expression, family) -%}
    {{ return(
        northstar.rounded('try_cast(' ~ expression ~ ' as decimal(28, 9))')
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

{% macro redshift__as_number(expression, family) -%}
    {{ return(northstar.default__as_number(expression, family)) }}
{%- endmacro %}

{#- Only text can be tried; not-a-number is greater than any number. -#}
{% macro snowflake__as_number(expression, family) -%}
    {%- if family in ('text', 'other') -%}
        {{ return(
            'cast(try_to_decimal(cast(' ~ expression ~ ' as ' ~ northstar.text_type()
            ~ '), 28, 9) as decimal(38, 9))'
        ) }}
    {%- endif -%}
    {{ return(
        'case when abs(' ~ expression ~ ') < 1e19 then cast(' ~ expression
        ~ ' as decimal(38, 9)) end'
    ) }}
{%- endmacro %}

{% macro bigquery__as_number(expression, family) -%}
    {%- set number = 'safe_cast(' ~ expression ~ ' as numeric)' -%}
    {{ return(
        'case when abs(' ~ number ~ ') < 1e19 then cast(' ~ number
        ~ ' as decimal(38, 9)) end'
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
        {{ return(adapter.dispatch('instant_of_zoned', 'northstar')(expression)) }}
    {%- elif family == 'date' -%}
        {{ return(northstar.local_midnight('(' ~ expression ~ ')')) }}
    {%- elif family in ('text', 'other') -%}
        {{ return(northstar.instant_of_text(
            'cast(' ~ expression ~ ' as ' ~ northstar.text_type() ~ ')'
        )) }}
    {%- endif -%}
    {{ return('cast(' ~ expression ~ ' as ' ~ northstar.instant_type() ~ ')') }}
{%- endmacro %}

{% macro default__instant_of_zoned(expression) -%}
    {{ return('(' ~ expression ~ ") at time zone 'UTC'") }}
{%- endmacro %}

{#- A cast would go by the session's zone, in which some hours come twice. -#}
{% macro spark__instant_of_zoned(expression) -%}
    {{ return(
        'timestampadd(microsecond, unix_micros(' ~ expression ~ '), '
        ~ northstar.instant_literal('1970-01-01 00:00:00') ~ ')'
    ) }}
{%- endmacro %}

{% macro snowflake__instant_of_zoned(expression) -%}
    {{ return("cast(convert_timezone('UTC', " ~ expression ~ ') as timestamp_ntz)') }}
{%- endmacro %}

{#- The type that knows its instant is the one that is stored. -#}
{% macro bigquery__instant_of_zoned(expression) -%}
    {{ return(expression) }}
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

{#- What is no instant gives null, so the offset is taken off as seconds. -#}
{% macro spark__instant_of_text(text) -%}
    {%- set offset = northstar.iso_offset_pattern() -%}
    {%- set is_date = northstar.string_literal('\\A\\d{4}-\\d{2}-\\d{2}\\z') -%}
    {%- set is_instant = northstar.string_literal(
        '\\A' ~ northstar.iso_instant_pattern() ~ '\\z'
    ) -%}
    {%- set has_offset = northstar.string_literal('\\d{2}:\\d{2}.*[+-]') -%}
    {%- set zone = 'regexp_extract(' ~ text ~ ', '
        ~ northstar.string_literal('([+-])(\\d{2}):?(\\d{2})?\\z') ~ ', ' -%}
    {%- set wall = 'try_cast(regexp_replace(' ~ text ~ ', '
        ~ northstar.string_literal(' ?' ~ offset ~ '\\z') ~ ", '') as timestamp_ntz)" -%}
    {{ return(
        'case when ' ~ text ~ ' rlike ' ~ is_date ~ ' then '
        ~ northstar.local_midnight('try_cast(' ~ text ~ ' as date)')
        ~ ' when not ' ~ text ~ ' rlike ' ~ is_instant ~ ' then null when ' ~ text
        ~ ' rlike ' ~ has_offset ~ ' then timestampadd(second, case when ' ~ zone
        ~ "1) = '-' then 1 else -1 end * (3600 * cast(" ~ zone
        ~ "2) as int) + 60 * cast(concat('0', " ~ zone ~ '3)) as int)), ' ~ wall
        ~ ') else ' ~ wall ~ ' end'
    ) }}
{%- endmacro %}

{% macro snowflake__instant_of_text(text) -%}
    {%- set is_date = northstar.string_literal('\\d{4}-\\d{2}-\\d{2}') -%}
    {%- set is_instant = northstar.string_literal(northstar.iso_instant_pattern()) -%}
    {%- set has_offset = northstar.string_literal('.*' ~ northstar.iso_offset_pattern()) -%}
    {{ return(
        'case when regexp_like(' ~ text ~ ', ' ~ is_date ~ ') then '
        ~ northstar.local_midnight('try_to_date(' ~ text ~ ')')
        ~ ' when regexp_like(' ~ text ~ ', ' ~ is_instant
        ~ ') then case when regexp_like(' ~ text ~ ', ' ~ has_offset
        ~ ") then cast(convert_timezone('UTC', try_to_timestamp_tz(upper(" ~ text
        ~ '))) as timestamp_ntz) else try_to_timestamp_ntz(' ~ text ~ ') end end'
    ) }}
{%- endmacro %}

{#- An offset is written +01:00, and seconds may not be left out. -#}
{% macro bigquery__instant_of_text(text) -%}
    {%- set is_date = northstar.string_literal('^\\d{4}-\\d{2}-\\d{2}$') -%}
    {%- set is_instant = northstar.string_literal(
        '^' ~ northstar.iso_instant_pattern() ~ '$'
    ) -%}
    {%- set seconds = [
        northstar.string_literal('^(.{10}[T ]\\d{2}:\\d{2})( ?[Zz+-].*)?$'),
        northstar.string_literal('\\1:00\\2'),
    ] -%}
    {%- set offset = [
        northstar.string_literal('(.{16}.*) ?([+-]\\d{2}):?(\\d{2})$'),
        northstar.string_literal('\\1\\2:\\3'),
    ] -%}
    {{ return(
        'case when regexp_contains(' ~ text ~ ', ' ~ is_date ~ ') then '
        ~ northstar.local_midnight('safe_cast(' ~ text ~ ' as date)')
        ~ ' when regexp_contains(' ~ text ~ ', ' ~ is_instant
        ~ ') then safe_cast(regexp_replace(regexp_replace(upper(' ~ text ~ '), '
        ~ seconds | join(', ') ~ '), ' ~ offset | join(', ') ~ ') as timestamp) end'
    ) }}
{%- endmacro %}

{#- Backslashes are escapes in its literals. -#}
{% macro redshift__instant_of_text(text) -%}
    {%- set is_date = northstar.string_literal('^\\d{4}-\\d{2}-\\d{2}$') -%}
    {%- set has_offset = northstar.string_literal(northstar.iso_offset_pattern() ~ '$') -%}
    {%- set is_instant = northstar.string_literal(
        '^' ~ northstar.iso_instant_pattern() ~ '$'
    ) -%}
    {{ return(
        'case when ' ~ text ~ ' ~ ' ~ is_date ~ ' then '
        ~ northstar.local_midnight('try_cast(' ~ text ~ ' as date)')
        ~ ' when ' ~ text ~ ' ~ ' ~ is_instant ~ ' then case when ' ~ text ~ ' ~ '
        ~ has_offset ~ ' then try_cast(' ~ text
        ~ " as timestamptz) at time zone 'UTC' else try_cast(" ~ text
        ~ ' as timestamp) end end'
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
