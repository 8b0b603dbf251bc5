{# The part of a table that a key belongs to, one of 1,048,576; null is a key, too. #}
{% macro part_of(key) -%}
    cast(hash({{ key }}) >> 44 as integer)
{%- endmacro %}
