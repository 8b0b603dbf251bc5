with

orders as (

    select * from {{ ref('base_shop__orders') }}

)

select
    ---------- ids
    order_id,
    customer_key,

    ---------- attributes
    lower(coalesce(status, 'completed')) as status,
    lower(channel) as channel,

    ---------- numerics
    coalesce(discount_amount, 0) as discount_amount,

    ---------- times
    ordered_at,
    cast(ordered_at as date) as ordered_date,
    known_from,
    known_until

from orders
where rejection_reason is null
