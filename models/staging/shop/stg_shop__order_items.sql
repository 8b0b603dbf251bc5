with

order_items as (

    select * from {{ ref('base_shop__order_items') }}

)

select
    ---------- ids
    order_id,
    line_number,
    product_id,

    ---------- numerics
    quantity,
    unit_price,
    cast(cast(quantity as decimal(38, 3)) * unit_price as decimal(38, 4)) as line_revenue

from order_items
where rejection_reason is null
