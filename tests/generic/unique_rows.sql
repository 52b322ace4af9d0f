{#- The named columns together identify a row; two nulls are the same value. -#}
{% test unique_rows(model, columns) %}

select
    {{ columns | join(',\n    ') }},
    count(*) as copies
from {{ model }}
group by
    {{ columns | join(',\n    ') }}
having count(*) > 1

{% endtest %}
