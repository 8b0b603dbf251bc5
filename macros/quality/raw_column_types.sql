{# Column name -> type of a raw relation as it is; empty when the table does not exist. #}
{% macro raw_column_types(relation) -%}
    {%- set types = {} -%}
    {%- if load_relation(relation) is not none -%}
        {%- for column in adapter.get_columns_in_relation(relation) -%}
            {%- do types.update({column.name | lower: column.dtype | upper}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(types) }}
{%- endmacro %}
