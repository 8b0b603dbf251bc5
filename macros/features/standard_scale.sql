{# Distance from the stored mean in stored population standard deviations, as StandardScaler: a
   constant column becomes 0, values outside the fitted range extend, null stays null. #}
{% macro standard_scale(column_name, mean, standard_deviation) -%}
    (cast({{ column_name }} as double) - {{ mean }}) / ({{ scale_divisor(standard_deviation) }})
{%- endmacro %}
