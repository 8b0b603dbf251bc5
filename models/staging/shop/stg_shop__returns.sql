with

returns as (

    select * from {{ ref('base_shop__returns') }}

)

select
    ---------- ids
    return_id,
    order_id,
    product_id,

    ---------- numerics
    quantity,
    refund_amount,

    ---------- times
    returned_at,
    known_from,
    known_until

from returns
where rejection_reason is null
