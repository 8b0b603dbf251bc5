{# Fails when two relations have different numbers of rows. #}
{% test same_row_count_as(model, compare_model) %}

select
    counts.own_count,
    counts.other_count
from (
    select
        (select count(*) from {{ model }}) as own_count,
        (select count(*) from {{ compare_model }}) as other_count
) as counts
where counts.own_count != counts.other_count

{% endtest %}
