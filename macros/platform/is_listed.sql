{# Whether a value is among those that a text lists with | between them; no text lists them all. #}
{% macro is_listed(value, listed) -%}
    ({{ listed }} is null or coalesce(
        list_contains(str_split_regex(trim({{ listed }}), '\s*\|\s*'), {{ value }}), false
    ))
{%- endmacro %}
