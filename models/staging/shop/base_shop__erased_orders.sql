with

raw_orders as (

    {{ raw_rows('orders') }}

),

erased_customers as (

    select customer_id from {{ ref('base_shop__erasure_requests') }}

)

select distinct raw_orders.order_id
from raw_orders
inner join erased_customers
    on raw_orders.customer_id = erased_customers.customer_id
