{# Fails for each column with values outside [minimum, maximum] or not-a-number, with the number of
   rows; null passes. `ranges` maps a column to its `minimum`, its `maximum`, or both. One scan. #}
{% test columns_within_range(model, ranges) %}

with

outside_counts as (

    select
        {%- for column, range in ranges.items() %}
        count(*) filter (
            where
            isnan(cast({{ column }} as double))
            {%- if 'minimum' in range %}
            or {{ column }} < {{ range.minimum }}
            {%- endif %}
            {%- if 'maximum' in range %}
            or {{ column }} > {{ range.maximum }}
            {%- endif %}
        ) as {{ column }}{{ "," if not loop.last }}
        {%- endfor %}
    from {{ model }}

)

select *
from (unpivot outside_counts on columns(*) into name column_name value row_count)
where row_count > 0

{% endtest %}
