-- what can be bought as of each snapshot; where stock is kept at all, a product that is not in the
-- catalogue is no longer sold
with

histories as (

    select * from {{ ref('int_recommendations__histories') }}

),

catalogue as (

    select * from {{ ref('stg_shop__products') }}

),

sold as (

    select
        snapshot_date,
        product_id,
        count(*) filter (where recency_days <= {{ var('recommendation_popularity_days') }})
            as buyer_count
    from histories
    group by snapshot_date, product_id

),

described as (

    select
        sold.snapshot_date,
        sold.product_id,
        sold.buyer_count,
        catalogue.product_name,
        catalogue.category,
        catalogue.stock_on_hand_units,
        catalogue.product_id is not null as is_listed,
        count(catalogue.stock_on_hand_units) over (partition by sold.snapshot_date) > 0
            as is_stock_kept
    from sold
    left join catalogue
        on
            sold.product_id = catalogue.product_id
            and {{ is_known_at('catalogue', 'sold.snapshot_date') }}

)

select
    snapshot_date,
    product_id,
    product_name,
    category,
    buyer_count
from described
where stock_on_hand_units is distinct from 0 and (is_listed or not is_stock_kept)
