-- expected orders by segment, times what an order of the segment holds of each category; small
-- segments are drawn towards the shop
{%- set prior_orders = 50 %}

with

segment_sales as (

    select
        snapshot_date,
        segment_name,
        category,
        order_count,
        unit_count
    from {{ ref('int_demand__rates') }}

),

segments as (

    select distinct
        snapshot_date,
        segment_name,
        order_count
    from segment_sales

),

shops as (

    select
        snapshot_date,
        sum(order_count) as order_count
    from segments
    group by snapshot_date

),

shop_mix as (

    select
        segment_sales.snapshot_date,
        segment_sales.category,
        sum(segment_sales.unit_count) / any_value(shops.order_count) as units_per_order
    from segment_sales
    inner join shops on segment_sales.snapshot_date = shops.snapshot_date
    group by segment_sales.snapshot_date, segment_sales.category

),

segment_orders as (

    select
        orders.*,
        coalesce(max(segment_sales.order_count), 0) as observed_order_count
    from {{ ref('int_demand__orders') }} as orders
    left join segment_sales
        on
            orders.snapshot_date = segment_sales.snapshot_date
            and orders.segment_name = segment_sales.segment_name
    group by all

)

select
    segment_orders.snapshot_date,
    segment_orders.segment_name,
    shop_mix.category,
    segment_orders.is_new,
    segment_orders.order_count
    * (
        coalesce(segment_sales.unit_count, 0)
        + {{ prior_orders }} * shop_mix.units_per_order
    )
    / (segment_orders.observed_order_count + {{ prior_orders }}) as unit_count
from segment_orders
inner join shop_mix on segment_orders.snapshot_date = shop_mix.snapshot_date
left join segment_sales
    on
        segment_orders.snapshot_date = segment_sales.snapshot_date
        and segment_orders.segment_name = segment_sales.segment_name
        and shop_mix.category = segment_sales.category
