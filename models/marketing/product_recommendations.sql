with

recommendations as (

    select ranked.*
    from {{ ref('int_recommendations__ranked') }} as ranked
    inner join {{ ref('int_snapshots__spine') }} as snapshots
        on ranked.snapshot_date = snapshots.snapshot_date
    where
        snapshots.snapshot_role = 'scoring'
        and ranked.recommendation_rank <= {{ var('recommendation_count') }}

),

customers as (

    select * from {{ ref('int_recommendations__customers') }}

),

assortment as (

    select * from {{ ref('int_recommendations__assortment') }}

),

histories as (

    select * from {{ ref('int_recommendations__histories') }}
    where newness_rank <= {{ var('recommendation_history_count') }}

),

pairs as (

    select * from {{ ref('int_recommendations__pairs') }}

),

-- of all that speaks for a product, what does most
related as (

    select
        recommendations.customer_key,
        recommendations.product_id,
        histories.product_id as related_product_id
    from recommendations
    inner join histories
        on
            recommendations.snapshot_date = histories.snapshot_date
            and recommendations.customer_key = histories.customer_key
    inner join pairs
        on
            histories.snapshot_date = pairs.snapshot_date
            and histories.product_id = pairs.product_id
            and recommendations.product_id = pairs.other_product_id
    where recommendations.basis = 'co_purchase'
    qualify
        row_number() over (
            partition by recommendations.customer_key, recommendations.product_id
            order by
                histories.recency_weight * pairs.similarity desc,
                histories.product_id asc
        ) = 1

),

product_names as (

    select
        product_id,
        product_name
    from {{ ref('stg_shop__products') }}
    where known_until is null

)

select
    recommendations.customer_key,
    recommendations.snapshot_date as as_of_date,
    cast(recommendations.recommendation_rank as integer) as recommendation_rank,
    recommendations.product_id,
    assortment.product_name,
    assortment.category,
    recommendations.basis,
    recommendations.score,
    related.related_product_id,
    case recommendations.basis
        when 'co_purchase'
            then
                'often bought with '
                || coalesce(product_names.product_name, related.related_product_id)
        when 'repeat'
            then
                'bought on ' || recommendations.purchase_day_count
                || if(recommendations.purchase_day_count = 1, ' day', ' days') || ' so far'
                || coalesce(
                    ', usually again after '
                    || cast(recommendations.typical_gap_days as integer) || ' days',
                    ''
                )
        else 'popular among ' || customers.rfm_segment
    end as reason
from recommendations
inner join customers
    on
        recommendations.snapshot_date = customers.snapshot_date
        and recommendations.customer_key = customers.customer_key
inner join assortment
    on
        recommendations.snapshot_date = assortment.snapshot_date
        and recommendations.product_id = assortment.product_id
left join related
    on
        recommendations.customer_key = related.customer_key
        and recommendations.product_id = related.product_id
left join product_names on related.related_product_id = product_names.product_id
