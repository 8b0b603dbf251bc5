{# Every row of a raw table with the columns and types that its source YAML declares: a missing
   table is empty, a missing column is null, text is trimmed and '' is null. Besides them:
   `loaded_at`, null where the table has none; `uncastable_columns`, whose value was present but of
   the wrong type; `original_row`, the row as it came, only where there are such columns;
   `typed_row`, the declared columns as one value; `content_hash` of all of them but loaded_at;
   `row_fingerprint`, a hash of the raw row as it came and of its types. With `part_key`, a column,
   the changed parts only, while a table that is incremental by it is built. #}
{% macro raw_rows(table_name, part_key=none) -%}
    {%- set relation = raw_relation(table_name) -%}
    {%- if not execute -%}
select 1 from {{ relation }}
    {%- else -%}
        {%- set raw_types = raw_column_types(relation) -%}
        {%- set columns = declared_columns(table_name) -%}
        {%- set names = columns | map(attribute='name') | list -%}
with

typed as (

    select
        {%- for column in columns %}
        {{ cast_raw_value(column.name, column.data_type, raw_types.get(column.name)) }}
            as {{ column.name }},
        {%- endfor %}
        list_filter(
            [
        {%- for column in columns if column.name in raw_types and column.data_type != 'varchar' %}
                case
                    when {{ raw_value(column.name, raw_types[column.name]) }} is not null
                        and {{ cast_raw_value(
                            column.name, column.data_type, raw_types[column.name]) }} is null
                        then '{{ column.name }}'
                end,
        {%- endfor %}
                cast(null as varchar)
            ],
            lambda column_name: column_name is not null
        ) as uncastable_columns,
        {%- if raw_types %}
        case when len(uncastable_columns) > 0 then to_json(raw_table) end as original_row,
        hash(raw_table, '{{ local_md5(raw_types | string) }}') as row_fingerprint
    from {{ relation }} as raw_table
            {%- if part_key in raw_types %}
    where {{ in_changed_parts(
        part_key, cast_raw_value(part_key, 'varchar', raw_types[part_key])) }}
            {%- endif %}
        {%- else %}
        cast(null as json) as original_row,
        cast(null as ubigint) as row_fingerprint
    where false
        {%- endif %}

)

select
    *,
        {%- if 'loaded_at' not in names %}
    cast(null as timestamp) as loaded_at,
        {%- endif %}
    struct_pack({% for name in names %}{{ name }} := {{ name }}{{ ", " if not loop.last }}{% endfor %})
        as typed_row,
    hash({{ names | reject('equalto', 'loaded_at') | join(', ') }}) as content_hash
from typed
    {%- endif -%}
{%- endmacro %}
