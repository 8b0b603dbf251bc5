with

raw_rows as (

    {{ raw_rows('rejected_rows') }}

),

erased_customers as (

    select list(customer_id) as customer_ids
    from {{ ref('base_shop__erasure_requests') }}

)

select
    raw_rows.source_table,
    raw_rows.source_file,
    raw_rows.row_number,
    raw_rows.reason,
    raw_rows.raw_row
from raw_rows
cross join erased_customers
where not coalesce(
    list_has_any(
        json_extract_string(raw_rows.raw_row, '$.*'),
        erased_customers.customer_ids
    ),
    false
)
