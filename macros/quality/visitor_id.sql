{# Whose event it is, for telling machines from people: the customer, or else the session; null for an
   event of nobody. #}
{% macro visitor_id() -%}
    coalesce('customer ' || customer_id, 'session ' || session_id)
{%- endmacro %}
