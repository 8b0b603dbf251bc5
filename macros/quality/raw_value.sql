{# A raw value as it came, but for text: trimmed, and null where nothing is left. Numbers and times
   are never blank, and spelling them out would cost much. #}
{% macro raw_value(column_name, raw_type) -%}
    {%- set never_blank = (
        'TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT', 'UTINYINT', 'USMALLINT', 'UINTEGER',
        'UBIGINT', 'UHUGEINT', 'FLOAT', 'DOUBLE', 'DECIMAL', 'BOOLEAN', 'DATE', 'TIMESTAMP'
    ) -%}
    {%- if raw_type.startswith(never_blank) -%}
        {{ column_name }}
    {%- else -%}
        nullif(trim(cast({{ column_name }} as varchar)), '')
    {%- endif -%}
{%- endmacro %}
