{#-
    The ids on the rows that this run reads again, whether they are kept or not. One row
    per kind of id and id: user, anonymous, account, or the column of another entity.
-#}

{%- set kinds = northstar.id_kinds() %}

with

changed_loads as (
    select * from {{ ref('int_northstar__changed_loads') }}
)
{% for relation in ('int_northstar__activity', 'int_northstar__event_copies') %}
{%- set outer_loop = loop %}
{%- for kind, column in kinds.items() %}
select rows_read.{{ column }} as id, '{{ kind }}' as id_type
from {{ ref(relation) }} as rows_read
inner join changed_loads
    on
        rows_read.source_name = changed_loads.source_name
        and rows_read.load_date = changed_loads.load_date
where rows_read.{{ column }} is not null
{{ 'union distinct' if not (loop.last and outer_loop.last) }}
{% endfor %}
{%- endfor %}
