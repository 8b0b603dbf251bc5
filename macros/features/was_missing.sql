{# Whether a value is unknown, to go beside its imputation; never null. #}
{% macro was_missing(column_name) -%}
    ({{ column_name }} is null)
{%- endmacro %}
