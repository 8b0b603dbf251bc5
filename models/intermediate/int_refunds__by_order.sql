-- a refund counts against the customer and the date of its order, and only while both the refund
-- and the completed order are known: a version ends when either of them changes
with

returns as (

    select * from {{ ref('stg_shop__returns') }}

),

orders as (

    select * from {{ ref('int_orders__completed') }}

)

select
    returns.return_id,
    returns.order_id,
    orders.customer_key,
    orders.ordered_date,
    returns.refund_amount,
    returns.quantity,
    greatest(returns.known_from, orders.known_from) as known_from,
    least(returns.known_until, orders.known_until) as known_until
from returns
inner join orders
    on
        returns.order_id = orders.order_id
        and coalesce(returns.known_from < orders.known_until, true)
        and coalesce(returns.known_until > orders.known_from, true)
