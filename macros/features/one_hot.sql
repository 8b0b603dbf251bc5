{# One 0/1 column per value, named <prefix>_<value> in lower case with `_` for anything but letters
   and digits; null and values that are not listed are 0 everywhere, as OneHotEncoder with
   handle_unknown='ignore'. `prefix` is the column name unless given. #}
{% macro one_hot(column_name, values, prefix=none) -%}
    {%- set names = [] -%}
    {%- for value in values -%}
        {%- do names.append(modules.re.sub('[^a-z0-9]+', '_', value | string | lower)) -%}
    {%- endfor -%}
    {%- if values is string or not names or names | unique | list != names -%}
        {{ exceptions.raise_compiler_error(
            "one_hot: `values` must be a list whose column names differ, got " ~ values
        ) }}
    {%- endif -%}
    {%- for value in values %}
    cast(coalesce({{ column_name }} = '{{ value | replace("'", "''") }}', false) as integer)
        as {{ prefix or column_name.split('.') | last }}_{{ names[loop.index0] }}
        {{- "," if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
