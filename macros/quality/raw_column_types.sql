{# Column name -> type of a raw relation as it is; empty when the table does not exist. A unit
   test's rows are text: its fixture stands in for the table. #}
{% macro raw_column_types(relation, table_name) -%}
    {%- set types = {} -%}
    {%- if relation.is_cte -%}
        {%- for column in declared_columns(table_name) -%}
            {%- do types.update({column.name: 'VARCHAR'}) -%}
        {%- endfor -%}
    {%- elif load_relation(relation) is not none -%}
        {%- for column in adapter.get_columns_in_relation(relation) -%}
            {%- do types.update({column.name | lower: column.dtype | upper}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(types) }}
{%- endmacro %}
