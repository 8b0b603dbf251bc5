-- products that have something to do with what the customer bought, and how much; a product that
-- the customer has is a candidate again when it is one to buy again, and due
with

customers as (

    select * from {{ ref('int_recommendations__customers') }}

),

histories as (

    select histories.*
    from {{ ref('int_recommendations__histories') }} as histories
    inner join customers
        on
            histories.snapshot_date = customers.snapshot_date
            and histories.customer_key = customers.customer_key

),

pairs as (

    select * from {{ ref('int_recommendations__pairs') }}

),

repeats as (

    select * from {{ ref('int_recommendations__repeats') }}

),

-- decimals add up the same in any order of rows
co_purchases as (

    select
        histories.snapshot_date,
        histories.customer_key,
        pairs.other_product_id as product_id,
        sum(cast(histories.recency_weight * pairs.similarity as decimal(18, 12))) as similarity
    from histories
    inner join pairs
        on
            histories.snapshot_date = pairs.snapshot_date
            and histories.product_id = pairs.product_id
    where histories.newness_rank <= {{ var('recommendation_history_count') }}
    group by histories.snapshot_date, histories.customer_key, pairs.other_product_id

),

owned as (

    select
        histories.snapshot_date,
        histories.customer_key,
        histories.product_id,
        histories.purchase_day_count,
        repeats.typical_gap_days,
        {{ var('recommendation_repeat_weight') }} * repeats.repeat_rate
        * sqrt(histories.purchase_day_count) as repeat_score,
        coalesce(
            repeats.repeat_rate >= {{ var('repeat_minimum_rate') }}
            and histories.recency_days
            >= {{ var('repurchase_gap_share') }} * repeats.typical_gap_days,
            false
        ) as is_due
    from histories
    inner join repeats
        on
            histories.snapshot_date = repeats.snapshot_date
            and histories.product_id = repeats.product_id

)

select
    coalesce(owned.snapshot_date, co_purchases.snapshot_date) as snapshot_date,
    coalesce(owned.customer_key, co_purchases.customer_key) as customer_key,
    coalesce(owned.product_id, co_purchases.product_id) as product_id,
    owned.purchase_day_count,
    owned.typical_gap_days,
    owned.product_id is not null as is_owned,
    coalesce(owned.is_due, true) as is_suitable,
    coalesce(cast(co_purchases.similarity as double), 0) + coalesce(owned.repeat_score, 0) as score
from co_purchases
full join owned
    on
        co_purchases.snapshot_date = owned.snapshot_date
        and co_purchases.customer_key = owned.customer_key
        and co_purchases.product_id = owned.product_id
