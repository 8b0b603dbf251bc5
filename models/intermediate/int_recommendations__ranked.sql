{{ config(materialized='table') }}

-- materialised: for the mart and its judgement. Candidates first, then what is popular in the
-- segment: as many of the most popular products as make up for those that the customer has
{%- set list_length = var('recommendation_count') %}

with

customers as (

    select * from {{ ref('int_recommendations__customers') }}

),

assortment as (

    select * from {{ ref('int_recommendations__assortment') }}

),

candidates as (

    select candidates.*
    from {{ ref('int_recommendations__candidates') }} as candidates
    inner join assortment
        on
            candidates.snapshot_date = assortment.snapshot_date
            and candidates.product_id = assortment.product_id

),

candidate_counts as (

    select
        snapshot_date,
        customer_key,
        count(*) filter (where is_owned) as owned_count
    from candidates
    group by snapshot_date, customer_key

),

popular as (

    select
        customers.snapshot_date,
        customers.customer_key,
        popularity.product_id,
        popularity.segment_share as score
    from customers
    left join candidate_counts
        on
            customers.snapshot_date = candidate_counts.snapshot_date
            and customers.customer_key = candidate_counts.customer_key
    inner join {{ ref('int_recommendations__popularity') }} as popularity
        on
            customers.snapshot_date = popularity.snapshot_date
            and customers.rfm_segment = popularity.rfm_segment
            and popularity.segment_rank
            <= {{ list_length }} + coalesce(candidate_counts.owned_count, 0)

),

everything as (

    select
        snapshot_date,
        customer_key,
        product_id,
        case when is_owned then 'repeat' else 'co_purchase' end as basis,
        is_owned,
        score,
        purchase_day_count,
        typical_gap_days
    from candidates
    where is_suitable

    union all by name

    select
        popular.*,
        'popularity' as basis,
        false as is_owned
    from popular
    anti join candidates
        on
            popular.snapshot_date = candidates.snapshot_date
            and popular.customer_key = candidates.customer_key
            and popular.product_id = candidates.product_id

)

select
    *,
    row_number() over (
        partition by snapshot_date, customer_key
        order by basis = 'popularity' asc, score desc, product_id asc
    ) as recommendation_rank,
    row_number() over (
        partition by snapshot_date, customer_key, is_owned
        order by basis = 'popularity' asc, score desc, product_id asc
    ) as rank_by_ownership
from everything
qualify
    recommendation_rank <= {{ list_length }}
    or (not is_owned and rank_by_ownership <= {{ list_length }})
