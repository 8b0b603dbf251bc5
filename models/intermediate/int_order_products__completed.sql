{{ config(materialized='incremental_by_part', part_key='order_id') }}

-- materialised: what each completed order holds of each product, before snapshots multiply it;
-- sorted as the orders are
with

orders as (

    select * from {{ ref('int_orders__completed') }}
    where {{ in_changed_parts('order_id') }}

),

order_items as (

    select * from {{ ref('stg_shop__order_items') }}
    where {{ in_changed_parts('order_id') }}

),

order_products as (

    select
        order_id,
        product_id,
        count(*) as line_count,
        sum(quantity) as unit_count,
        sum(line_revenue) as product_revenue
    from order_items
    group by order_id, product_id

)

select
    orders.order_id,
    order_products.product_id,
    orders.customer_key,
    orders.ordered_date,
    orders.known_from,
    orders.known_until,
    order_products.line_count,
    order_products.unit_count,
    order_products.product_revenue
from orders
inner join order_products on orders.order_id = order_products.order_id
order by orders.customer_key
