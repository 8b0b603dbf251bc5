{# Every row of a raw table with the columns and types that its source YAML declares.
   A missing table is empty, a missing column is null, text is trimmed and '' is null.
   `uncastable_columns` names the columns whose value was present but of the wrong type;
   only then `original_row` keeps the row as it came. #}
{% macro raw_rows(table_name) -%}
    {%- set relation = raw_relation(table_name) -%}
    {%- if not execute -%}
    select 1 from {{ relation }}
    {%- else -%}
        {%- set raw_types = raw_column_types(relation, table_name) %}

        select
        {%- for column in declared_columns(table_name) %}
            {{ cast_raw_value(column.name, column.data_type, raw_types.get(column.name)) }}
                as {{ column.name }},
        {%- endfor %}
            list_filter(
                [
        {%- for column in declared_columns(table_name)
            if column.name in raw_types and column.data_type != 'varchar' %}
                    case
                        when nullif(trim(cast({{ column.name }} as varchar)), '') is not null
                            and {{ cast_raw_value(
                                column.name, column.data_type, raw_types[column.name]) }} is null
                            then '{{ column.name }}'
                    end,
        {%- endfor %}
                    cast(null as varchar)
                ],
                lambda column_name: column_name is not null
            ) as uncastable_columns
        {%- if raw_types %},
            case when len(uncastable_columns) > 0 then to_json(raw_table) end as original_row
        from {{ relation }} as raw_table
        {%- else %},
            cast(null as json) as original_row
        where false
        {%- endif %}
    {%- endif -%}
{%- endmacro %}
