{# Distance from the stored median in stored interquartile ranges, as RobustScaler: without a range
   the distance itself, hence 0 for a constant column; values outside the fitted range extend, null
   stays null. #}
{% macro robust_scale(column_name, median, interquartile_range) -%}
    (cast({{ column_name }} as double) - {{ median }}) / ({{ scale_divisor(interquartile_range) }})
{%- endmacro %}
