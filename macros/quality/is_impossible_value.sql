{# Whether a value lies outside of its limits, both included; `largest` none is no limit, null stays
   null. #}
{% macro is_impossible_value(column_name, smallest, largest) -%}
    {%- if largest is none -%}
    ({{ column_name }} < {{ smallest }})
    {%- else -%}
    ({{ column_name }} not between {{ smallest }} and {{ largest }})
    {%- endif -%}
{%- endmacro %}
