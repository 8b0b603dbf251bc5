{# The part of a table that a key belongs to: the highest 20 of 64 bits; null is a key, too. #}
{% macro part_of(key) -%}
    cast(hash({{ key }}) >> (64 - 20) as integer)
{%- endmacro %}


{# The highest number of a part. #}
{% macro last_part() -%}
    {{ return(2 ** 20 - 1) }}
{%- endmacro %}
