{# A raw value as its declared type: null when the column is missing (`raw_type` none) or the value
   cannot be cast; not-a-number and infinite dates are null, text is trimmed and '' is null. #}
{% macro cast_raw_value(column_name, data_type, raw_type) -%}
    {%- set text = "nullif(trim(cast(" ~ column_name ~ " as varchar)), '')" -%}
    {%- if raw_type is none -%}
        cast(null as {{ data_type }})
    {%- elif data_type == 'varchar' -%}
        {{ text }}
    {%- else -%}
        {%- set value = text if raw_type.startswith('VARCHAR') else column_name -%}
        {%- if data_type in ('date', 'timestamp', 'double') -%}
        case
            when isfinite(try_cast({{ value }} as {{ data_type }}))
                then try_cast({{ value }} as {{ data_type }})
        end
        {%- else -%}
        try_cast({{ value }} as {{ data_type }})
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
