with

labelled_customers as (

    select * from {{ ref('base_shop__labelled_customers') }}

)

select
    ---------- ids
    customer_key,

    ---------- attributes, impossible values blanked (see quarantined_values)
    {%- for column_name, limits in labelled_value_limits().items() %}
    case
        when not {{ is_impossible_value(column_name, limits[0], limits[1]) }}
            then {{ column_name }}
    end as {{ column_name }},
    {%- endfor %}
    regexp_replace(category, '\s+', ' ', 'g') as category,
    own_numbers,
    map_from_entries(
        list_transform(
            map_entries(own_texts),
            lambda entry: struct_pack(
                key := entry['key'],
                value := nullif(trim(regexp_replace(entry['value'], '\s+', ' ', 'g')), '')
            )
        )
    ) as own_texts,

    ---------- outcome
    class_name

from labelled_customers
where rejection_reason is null
