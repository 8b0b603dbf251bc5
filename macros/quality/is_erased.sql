{# Whether a customer has asked to be erased; such rows are gone from staging on. #}
{% macro is_erased(column_name) -%}
    coalesce({{ column_name }} in (select customer_id from erased_customers), false)
{%- endmacro %}
