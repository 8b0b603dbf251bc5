{{ config(materialized='table') }}

-- materialised: the one join of purchases with purchases. Shrunk cosine of recency-weighted
-- customer histories; significance by the log-likelihood ratio G (Dunning 1993), which holds for
-- rare products
with

histories as (

    select * from {{ ref('int_recommendations__histories') }}
    where newness_rank <= {{ var('recommendation_history_count') }}

),

populations as (

    select
        snapshot_date,
        count(distinct customer_key) as population_count
    from histories
    group by snapshot_date

),

-- who bought much says less about each pair; decimals add up the same in any order of rows
weighted as (

    select
        snapshot_date,
        customer_key,
        product_id,
        cast(
            recency_weight / sqrt(count(*) over (partition by snapshot_date, customer_key))
            as decimal(18, 9)
        ) as weight,
        count(*) over (partition by snapshot_date, product_id) as buyer_count
    from histories
    qualify buyer_count >= {{ var('recommendation_minimum_support') }}

),

products as (

    select
        snapshot_date,
        product_id,
        buyer_count,
        sqrt(cast(sum(weight * weight) as double)) as norm
    from weighted
    group by snapshot_date, product_id, buyer_count

),

bought_together as (

    select
        one.snapshot_date,
        one.product_id,
        other.product_id as other_product_id,
        count(*) as both_count,
        cast(sum(one.weight * other.weight) as double) as dot_product
    from weighted as one
    inner join weighted as other
        on
            one.snapshot_date = other.snapshot_date
            and one.customer_key = other.customer_key
            and one.product_id < other.product_id
    group by one.snapshot_date, one.product_id, other.product_id
    having count(*) >= {{ var('recommendation_minimum_support') }}

),

measured as (

    select
        bought_together.snapshot_date,
        bought_together.product_id,
        bought_together.other_product_id,
        bought_together.both_count,
        bought_together.dot_product
        / (one.norm * other.norm + {{ var('recommendation_shrinkage') }}) as similarity,
        bought_together.both_count * populations.population_count
        / (one.buyer_count * other.buyer_count) as lift,
        {{ g_statistic(
            'bought_together.both_count', 'one.buyer_count', 'other.buyer_count',
            'populations.population_count'
        ) }} as g_statistic
    from bought_together
    inner join populations on bought_together.snapshot_date = populations.snapshot_date
    inner join products as one
        on
            bought_together.snapshot_date = one.snapshot_date
            and bought_together.product_id = one.product_id
    inner join products as other
        on
            bought_together.snapshot_date = other.snapshot_date
            and bought_together.other_product_id = other.product_id
    where lift > 1 and g_statistic >= {{ var('recommendation_minimum_g') }}

),

both_ways as (

    select * from measured
    union all by name
    select * replace (other_product_id as product_id, product_id as other_product_id)
    from measured

)

select * from both_ways
qualify
    row_number() over (
        partition by snapshot_date, product_id
        order by similarity desc, other_product_id asc
    ) <= {{ var('recommendation_neighbour_count') }}
