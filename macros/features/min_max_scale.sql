{# Position between the stored minimum (0) and maximum (1), as MinMaxScaler: a constant column
   becomes 0, values outside extend below 0 and above 1 (winsorize first to clip them), null stays
   null. #}
{% macro min_max_scale(column_name, minimum, maximum) -%}
    (cast({{ column_name }} as double) - {{ minimum }})
    / ({{ scale_divisor(maximum ~ ' - ' ~ minimum) }})
{%- endmacro %}
