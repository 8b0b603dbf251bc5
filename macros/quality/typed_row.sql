{# The declared columns of a row of a raw table as one value, to be kept as it came and compared. #}
{% macro typed_row(table_name, relation) -%}
    {%- if execute -%}
    struct_pack(
        {%- for column in declared_columns(table_name) %}
        {{ column.name }} := {{ relation }}.{{ column.name }}{{ "," if not loop.last }}
        {%- endfor %}
    )
    {%- else -%}
    null
    {%- endif -%}
{%- endmacro %}
