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

    select * from {{ ref('int_snapshots__to_build') }}

),

product_spend as (

    select
        orders.customer_key,
        snapshots.snapshot_date,
        order_items.product_id,
        count(*) as line_count,
        sum(order_items.line_revenue) as product_revenue
    from snapshots
    inner join orders
        on
            snapshots.snapshot_date > orders.ordered_date
            and {{ is_known_at('orders', 'snapshots.snapshot_date') }}
    inner join order_items on orders.order_id = order_items.order_id
    group by orders.customer_key, snapshots.snapshot_date, order_items.product_id

),

category_spend as (

    select
        product_spend.customer_key,
        product_spend.snapshot_date,
        products.category,
        count(product_spend.product_id) as product_count,
        sum(product_spend.line_count) as line_count,
        sum(product_spend.line_count) filter (
            where product_spend.product_id is not null
        ) as product_line_count,
        sum(product_spend.product_revenue) as category_revenue
    from product_spend
    left join products
        on
            product_spend.product_id = products.product_id
            and {{ is_known_at('products', 'product_spend.snapshot_date') }}
    group by product_spend.customer_key, product_spend.snapshot_date, products.category

),

-- the revenues of the categories are listed by size, so that no order of rows matters
baskets as (

    select
        customer_key,
        snapshot_date,
        sum(line_count) as line_count,
        cast(sum(product_count) as integer) as product_count,
        sum(product_line_count) as product_line_count,
        cast(count(category) as integer) as category_count,
        arg_max(category, (category_revenue, category)) filter (
            where category is not null
        ) as top_category,
        nullif(
            cast(sum(category_revenue) filter (where category is not null) as double), 0
        ) as categorised_revenue,
        list_sort(
            list(cast(category_revenue as double)) filter (
                where category is not null and category_revenue > 0
            )
        ) as category_revenues
    from category_spend
    group by customer_key, snapshot_date

),

shares as (

    select
        * exclude (categorised_revenue, category_revenues),
        list_transform(
            category_revenues, lambda revenue: revenue / categorised_revenue
        ) as category_shares
    from baskets

)

select
    * exclude (product_line_count, category_shares),
    (product_line_count - product_count) / product_line_count as repeat_product_share,
    category_shares[-1] as top_category_share,
    list_sum(list_transform(category_shares, lambda share: share * share))
        as category_concentration,
    0 - list_sum(list_transform(category_shares, lambda share: share * ln(share)))
        as category_entropy
from shares
