{# Fails for each column that has the name of personal data, and for each text column (lists and
   JSON and maps, too) in which a value holds an e-mail address or is a telephone number, with the number of
   rows. A number without + or leading 0, or in a column of ids, is not taken for a telephone. #}
{% test no_personal_data(model) %}

{%- set personal_names = [
    'customer_id', 'email', 'phone', 'birth_date', 'review_text', 'search_query',
    'first_name', 'last_name', 'full_name', 'address', 'ip_address'
] -%}
{%- set email_address = "[^\\s@<>\"'']+@[^\\s@<>\"'']+\\.[a-z]{2,}" -%}
{%- set telephone = "\\s*(\\+|\\(?0)([\\s()/-]*\\d){7,14}\\s*" %}

with

suspect_counts as (

    select
        {%- for column in adapter.get_columns_in_relation(model) if execute %}
        {%- set name, data_type = column.name | lower, column.dtype | upper %}
        {%- if name in personal_names %}
        count(*) + 1 as {{ name }},
        {%- elif 'VARCHAR' in data_type or 'JSON' in data_type %}
        count(*) filter (
            where
            regexp_matches(cast({{ name }} as varchar), '{{ email_address }}', 'i')
            {%- if data_type.startswith('MAP') %}
            or list_bool_or(
                list_transform(
                    map_values({{ name }}),
                    lambda item: regexp_full_match(cast(item as varchar), '{{ telephone }}')
                )
            )
            {%- elif not name.endswith('_id') %}
            or regexp_full_match(cast({{ name }} as varchar), '{{ telephone }}')
            {%- endif %}
        ) as {{ name }},
        {%- endif %}
        {%- endfor %}
        0 as no_column
    from {{ model }}

)

select *
from (unpivot suspect_counts on columns(*) into name column_name value row_count)
where row_count > 0

{% endtest %}
