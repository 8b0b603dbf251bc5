{{ config(materialized='table') }}

-- materialised: what the customers of each segment ordered within the reference window, by
-- category; whoever had no segment at its beginning comes new, or comes back
{%- set newcomers = 'New or returning' %}

with

windows as (

    select * from {{ ref('int_demand__windows') }}

),

segments as (

    select * from {{ ref('rfm_segments') }}

),

sales as (

    select
        windows.snapshot_date,
        coalesce(segments.rfm_segment, '{{ newcomers }}') as segment_name,
        histories.category,
        order_products.order_id,
        order_products.customer_key,
        order_products.unit_count
    from windows
    inner join {{ ref('int_order_products__completed') }} as order_products
        on
            windows.reference_date <= order_products.ordered_date
            and windows.reference_date + {{ var('horizon_days') }} > order_products.ordered_date
            and {{ is_known_at('order_products', 'windows.snapshot_date') }}
    inner join {{ ref('int_demand__histories') }} as histories
        on
            windows.snapshot_date = histories.snapshot_date
            and order_products.product_id = histories.product_id
    left join segments
        on
            windows.reference_date = segments.snapshot_date
            and order_products.customer_key = segments.customer_key

),

sizes as (

    select
        windows.snapshot_date,
        segments.rfm_segment as segment_name,
        count(*) as customer_count
    from windows
    inner join segments on windows.reference_date = segments.snapshot_date
    group by windows.snapshot_date, segments.rfm_segment

),

totals as (

    select
        snapshot_date,
        segment_name,
        count(distinct order_id) as order_count,
        count(distinct customer_key) as buyer_count
    from sales
    group by snapshot_date, segment_name

)

select
    sales.snapshot_date,
    sales.segment_name,
    sales.category,
    sales.segment_name = '{{ newcomers }}' as is_new,
    any_value(sizes.customer_count) as customer_count,
    any_value(totals.order_count) as order_count,
    any_value(totals.buyer_count) as buyer_count,
    cast(sum(sales.unit_count) as double) as unit_count
from sales
inner join totals
    on sales.snapshot_date = totals.snapshot_date and sales.segment_name = totals.segment_name
left join sizes
    on sales.snapshot_date = sizes.snapshot_date and sales.segment_name = sizes.segment_name
group by sales.snapshot_date, sales.segment_name, sales.category
