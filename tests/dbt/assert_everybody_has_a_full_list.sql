-- where enough products can be bought that the customer does not have yet, the list is full
with

lists as (

    select
        customers.customer_key,
        count(recommendations.product_id) as product_count
    from {{ ref('customer_segments') }} as customers
    left join {{ ref('product_recommendations') }} as recommendations
        on customers.customer_key = recommendations.customer_key
    group by customers.customer_key

),

owned as (

    select
        histories.customer_key,
        count(*) as product_count
    from {{ ref('int_recommendations__histories') }} as histories
    inner join {{ ref('int_snapshots__spine') }} as snapshots
        on histories.snapshot_date = snapshots.snapshot_date
    inner join {{ ref('int_recommendations__assortment') }} as assortment
        on
            histories.snapshot_date = assortment.snapshot_date
            and histories.product_id = assortment.product_id
    where snapshots.snapshot_role = 'scoring'
    group by histories.customer_key

),

assortment as (

    select count(*) as product_count
    from {{ ref('int_recommendations__assortment') }} as assortment
    inner join {{ ref('int_snapshots__spine') }} as snapshots
        on assortment.snapshot_date = snapshots.snapshot_date
    where snapshots.snapshot_role = 'scoring'

)

select lists.customer_key
from lists
cross join assortment
left join owned on lists.customer_key = owned.customer_key
where
    lists.product_count < least(
        assortment.product_count - coalesce(owned.product_count, 0),
        {{ var('recommendation_count') }}
    )
