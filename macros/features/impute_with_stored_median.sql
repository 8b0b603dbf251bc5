{# A value, or where it is unknown the stored median, or 0 where there was nothing to take a median
   of, as SimpleImputer with keep_empty_features; never null. #}
{% macro impute_with_stored_median(column_name, median) -%}
    coalesce(cast({{ column_name }} as double), {{ median }}, 0)
{%- endmacro %}
