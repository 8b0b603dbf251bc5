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
    -- products of 128 bits take 18 times as long as of 64: only for huge numbers
    case
        when quantity < 100000 and unit_price < 100000
            then cast(
                cast(quantity as decimal(9, 3)) * cast(unit_price as decimal(9, 4))
                as decimal(18, 4)
            )
        else cast(cast(quantity as decimal(38, 3)) * unit_price as decimal(38, 4))
    end as line_revenue

from order_items
where rejection_reason is null
