{{ config(materialized='table') }}

-- materialised: everybody's back-off. Share of a segment that bought a product lately, drawn
-- towards the share of all customers; products that cannot be bought are not here
{%- set prior_customers = 100 %}

with

customers as (

    select * from {{ ref('int_recommendations__customers') }}

),

segments as (

    select
        snapshot_date,
        rfm_segment,
        count(*) as customer_count
    from customers
    group by snapshot_date, rfm_segment

),

histories as (

    select * from {{ ref('int_recommendations__histories') }}

),

available as (

    select * from {{ ref('int_recommendations__assortment') }}

),

segment_buyers as (

    select
        customers.snapshot_date,
        customers.rfm_segment,
        histories.product_id,
        count(*) as buyer_count
    from histories
    inner join customers
        on
            histories.snapshot_date = customers.snapshot_date
            and histories.customer_key = customers.customer_key
    where histories.recency_days <= {{ var('recommendation_popularity_days') }}
    group by customers.snapshot_date, customers.rfm_segment, histories.product_id

),

shares as (

    select
        segments.snapshot_date,
        segments.rfm_segment,
        segments.customer_count,
        available.product_id,
        available.buyer_count / sum(segments.customer_count) over (
            partition by segments.snapshot_date, available.product_id
        ) as shop_share,
        coalesce(segment_buyers.buyer_count, 0) as segment_buyer_count
    from segments
    inner join available on segments.snapshot_date = available.snapshot_date
    left join segment_buyers
        on
            segments.snapshot_date = segment_buyers.snapshot_date
            and segments.rfm_segment = segment_buyers.rfm_segment
            and available.product_id = segment_buyers.product_id

)

select
    *,
    (segment_buyer_count + {{ prior_customers }} * shop_share)
    / (customer_count + {{ prior_customers }}) as segment_share,
    row_number() over (
        partition by snapshot_date, rfm_segment
        order by segment_share desc, shop_share desc, product_id asc
    ) as segment_rank,
    row_number() over (
        partition by snapshot_date, rfm_segment
        order by shop_share desc, product_id asc
    ) as shop_rank
from shares
