-- the grain is a refund; it counts against the customer and the date of its order
with

returns as (

    select * from {{ ref('stg_shop__returns') }}

),

orders as (

    select * from {{ ref('int_orders__completed') }}

),

order_owners as (

    select
        order_id,
        customer_key,
        min(ordered_date) as ordered_date
    from orders
    group by order_id, customer_key

)

select
    returns.return_id,
    returns.order_id,
    order_owners.customer_key,
    order_owners.ordered_date,
    returns.refund_amount,
    returns.quantity,
    returns.known_from,
    returns.known_until
from returns
inner join order_owners on returns.order_id = order_owners.order_id
