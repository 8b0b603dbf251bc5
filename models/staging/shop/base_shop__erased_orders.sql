with

typed_orders as (

    select * from {{ ref('typed_shop__orders') }}

),

erased_customers as (

    select customer_id from {{ ref('base_shop__erasure_requests') }}

)

select distinct typed_orders.order_id
from typed_orders
inner join erased_customers
    on typed_orders.customer_id = erased_customers.customer_id
where typed_orders.order_id is not null
