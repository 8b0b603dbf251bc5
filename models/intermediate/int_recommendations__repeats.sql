{{ config(materialized='table') }}

-- materialised: a median per product; how many come back for a product, and after how long. Few
-- customers of a product are judged by those of its category, else by the whole shop
{%- set prior_customers = 20 %}

with

histories as (

    select
        histories.*,
        categories.category
    from {{ ref('int_recommendations__histories') }} as histories
    left join {{ ref('int_products__categories') }} as categories
        on
            histories.product_id = categories.product_id
            and {{ is_known_at('categories', 'histories.snapshot_date') }}

),

counted as (

    select
        snapshot_date,
        category,
        product_id,
        case grouping(category, product_id) when 0 then 'product' when 1 then 'category' else 'shop' end
            as level,
        count(*) as buyer_count,
        count(mean_gap_days) as repeat_buyer_count,
        median(mean_gap_days) as gap_days
    from histories
    group by grouping sets (
        (snapshot_date, category, product_id), (snapshot_date, category), (snapshot_date)
    )

),

compared as (

    select
        products.snapshot_date,
        products.product_id,
        products.buyer_count,
        products.repeat_buyer_count,
        products.gap_days,
        coalesce(
            categories.repeat_buyer_count / categories.buyer_count,
            shops.repeat_buyer_count / shops.buyer_count
        ) as prior_rate,
        coalesce(categories.gap_days, shops.gap_days) as prior_gap_days
    from counted as products
    inner join counted as shops
        on products.snapshot_date = shops.snapshot_date and shops.level = 'shop'
    left join counted as categories
        on
            products.snapshot_date = categories.snapshot_date
            and products.category = categories.category
            and categories.level = 'category'
    where products.level = 'product'

)

select
    snapshot_date,
    product_id,
    (repeat_buyer_count + {{ prior_customers }} * prior_rate)
    / (buyer_count + {{ prior_customers }}) as repeat_rate,
    case
        when repeat_buyer_count >= {{ var('recommendation_minimum_support') }} then gap_days
        else prior_gap_days
    end as typical_gap_days
from compared
