-- to the cent and beyond: what the segments earned is what the shop earned
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

)

select
    shop.net_revenue as shop_net_revenue,
    segments.net_revenue as segment_net_revenue
from shop
cross join segments
where shop.net_revenue != segments.net_revenue
