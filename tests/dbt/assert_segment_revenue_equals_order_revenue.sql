-- to the cent and beyond: what segments and customers earned is what the shop earned
with

scoring_snapshot as (

    select snapshot_date
    from {{ ref('snapshots') }}
    where snapshot_role = 'scoring'

),

shop as (

    select
        coalesce(
            (
                select sum(orders.order_revenue)
                from {{ ref('int_orders__completed') }} as orders
                inner join scoring_snapshot
                    on {{ is_known_at('orders', 'scoring_snapshot.snapshot_date') }}
            ),
            0
        )
        - coalesce(
            (
                select sum(refunds.refund_amount)
                from {{ ref('int_refunds__by_order') }} as refunds
                inner join scoring_snapshot
                    on {{ is_known_at('refunds', 'scoring_snapshot.snapshot_date') }}
            ),
            0
        ) as net_revenue

),

segments as (

    select coalesce(sum(net_revenue), 0) as net_revenue
    from {{ ref('segment_kpis') }}

),

customers as (

    select coalesce(sum(cast(net_revenue as decimal(38, 4))), 0) as net_revenue
    from {{ ref('customer_segments') }}

)

select
    shop.net_revenue as shop_net_revenue,
    segments.net_revenue as segment_net_revenue,
    customers.net_revenue as customer_net_revenue
from shop
cross join segments
cross join customers
where
    shop.net_revenue != segments.net_revenue
    -- features hold revenue as a floating-point number
    or round(shop.net_revenue, 2) != round(customers.net_revenue, 2)
