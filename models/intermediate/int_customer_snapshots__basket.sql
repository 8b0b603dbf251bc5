with

orders as (

    select * from {{ ref('int_orders__completed') }}

),

order_items as (

    select * from {{ ref('stg_shop__order_items') }}

),

products as (

    select * from {{ ref('stg_shop__products') }}

),

snapshots as (

    select * from {{ ref('int_snapshots__spine') }}

),

known_lines as (

    select
        orders.customer_key,
        snapshots.snapshot_date,
        order_items.product_id,
        products.category,
        order_items.line_revenue
    from snapshots
    inner join orders
        on
            snapshots.snapshot_date > orders.ordered_date
            and {{ is_known_at('orders', 'snapshots.snapshot_date') }}
    inner join order_items on orders.order_id = order_items.order_id
    left join products
        on
            order_items.product_id = products.product_id
            and {{ is_known_at('products', 'snapshots.snapshot_date') }}

),

category_spend as (

    select
        customer_key,
        snapshot_date,
        category,
        sum(line_revenue) as category_revenue
    from known_lines
    where category is not null
    group by customer_key, snapshot_date, category

),

categories as (

    select
        customer_key,
        snapshot_date,
        cast(count(*) as integer) as category_count,
        arg_max(category, (category_revenue, category)) as top_category,
        cast(max(category_revenue) as double)
        / nullif(cast(sum(category_revenue) as double), 0)
            as top_category_share
    from category_spend
    group by customer_key, snapshot_date

),

product_counts as (

    select
        customer_key,
        snapshot_date,
        count(*) as line_count,
        cast(count(distinct product_id) as integer) as product_count
    from known_lines
    group by customer_key, snapshot_date

)

select
    product_counts.customer_key,
    product_counts.snapshot_date,
    product_counts.line_count,
    product_counts.product_count,
    categories.category_count,
    categories.top_category,
    categories.top_category_share
from product_counts
left join categories
    on
        product_counts.customer_key = categories.customer_key
        and product_counts.snapshot_date = categories.snapshot_date
