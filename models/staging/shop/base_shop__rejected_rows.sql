with

typed_rows as (

    select * from {{ ref('typed_shop__rejected_rows') }}

),

erased_customers as (

    select list(customer_id) as customer_ids
    from {{ ref('base_shop__erasure_requests') }}

)

select
    typed_rows.source_table,
    typed_rows.source_file,
    typed_rows.row_number,
    typed_rows.reason,
    typed_rows.raw_row
from typed_rows
cross join erased_customers
where not coalesce(
    list_has_any(
        json_extract_string(typed_rows.raw_row, '$.*'),
        erased_customers.customer_ids
    ),
    false
)
