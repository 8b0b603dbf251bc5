{# Fails for each of the columns that holds a null, with the number of rows. One scan. #}
{% test columns_not_null(model, columns) %}

with

null_counts as (

    select
        {%- for column in columns %}
        count(*) filter (where {{ column }} is null) as {{ column }}{{ "," if not loop.last }}
        {%- endfor %}
    from {{ model }}

)

select *
from (unpivot null_counts on columns(*) into name column_name value row_count)
where row_count > 0

{% endtest %}
