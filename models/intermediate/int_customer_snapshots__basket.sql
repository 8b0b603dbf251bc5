with

order_products as (

    select * from {{ ref('int_order_products__completed') }}

),

snapshots as (

    select * from {{ ref('int_snapshots__to_build') }}

),

known_products as (

    select
        products.product_id,
        products.category,
        snapshots.snapshot_date
    from snapshots
    inner join {{ ref('stg_shop__products') }} as products
        on {{ is_known_at('products', 'snapshots.snapshot_date') }}

),

product_spend as (

    select
        order_products.customer_key,
        snapshots.snapshot_date,
        order_products.product_id,
        sum(order_products.line_count) as line_count,
        sum(order_products.product_revenue) as product_revenue
    from snapshots
    inner join order_products
        on
            snapshots.snapshot_date > order_products.ordered_date
            and {{ is_known_at('order_products', 'snapshots.snapshot_date') }}
    group by order_products.customer_key, snapshots.snapshot_date, order_products.product_id

),

category_spend as (

    select
        product_spend.customer_key,
        product_spend.snapshot_date,
        known_products.category,
        count(product_spend.product_id) as product_count,
        sum(product_spend.line_count) as line_count,
        sum(product_spend.line_count) filter (
            where product_spend.product_id is not null
        ) as product_line_count,
        sum(product_spend.product_revenue) as category_revenue
    from product_spend
    left join known_products
        on
            product_spend.product_id = known_products.product_id
            and product_spend.snapshot_date = known_products.snapshot_date
    group by product_spend.customer_key, product_spend.snapshot_date, known_products.category

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
