{{ config(materialized='table') }}

-- materialised: pairs, repeats and scores are all counted from it
with

snapshots as (

    select snapshot_date
    from {{ ref('int_snapshots__spine') }}
    where snapshot_role in ('scoring', 'test')

),

order_products as (

    select * from {{ ref('int_order_products__completed') }}
    where product_id is not null

),

histories as (

    select
        snapshots.snapshot_date,
        order_products.customer_key,
        order_products.product_id,
        count(distinct order_products.ordered_date) as purchase_day_count,
        min(order_products.ordered_date) as first_ordered_date,
        max(order_products.ordered_date) as last_ordered_date
    from snapshots
    inner join order_products
        on
            snapshots.snapshot_date > order_products.ordered_date
            and {{ is_known_at('order_products', 'snapshots.snapshot_date') }}
    group by
        snapshots.snapshot_date,
        order_products.customer_key,
        order_products.product_id

)

select
    *,
    snapshot_date - last_ordered_date as recency_days,
    (last_ordered_date - first_ordered_date) / nullif(purchase_day_count - 1, 0)
        as mean_gap_days,
    pow(0.5, (snapshot_date - last_ordered_date) / {{ var('recommendation_half_life_days') }})
        as recency_weight,
    row_number() over (
        partition by snapshot_date, customer_key
        order by last_ordered_date desc, purchase_day_count desc, product_id asc
    ) as newness_rank
from histories
