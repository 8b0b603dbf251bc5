{{ config(materialized='table') }}

-- what happened within [snapshot_date, label_end_date), as it was known at its end
with

eligible as (

    select
        customer_key,
        snapshot_date
    from {{ ref('int_customer_snapshots__features') }}

),

snapshots as (

    select * from {{ ref('int_snapshots__spine') }}
    where is_labelled

),

orders as (

    select * from {{ ref('int_orders__completed') }}

),

refunds as (

    select * from {{ ref('int_refunds__by_order') }}

),

horizon_orders as (

    select
        orders.customer_key,
        snapshots.snapshot_date,
        count(*) as order_count,
        sum(orders.order_revenue) as order_revenue
    from snapshots
    inner join orders
        on
            snapshots.snapshot_date <= orders.ordered_date
            and snapshots.label_end_date > orders.ordered_date
            and {{ is_known_at('orders', 'snapshots.label_end_date') }}
    group by orders.customer_key, snapshots.snapshot_date

),

horizon_refunds as (

    select
        refunds.customer_key,
        snapshots.snapshot_date,
        sum(refunds.refund_amount) as refund_amount
    from snapshots
    inner join refunds
        on
            snapshots.snapshot_date <= refunds.ordered_date
            and snapshots.label_end_date > refunds.ordered_date
            and {{ is_known_at('refunds', 'snapshots.label_end_date') }}
    group by refunds.customer_key, snapshots.snapshot_date

)

select
    eligible.customer_key,
    eligible.snapshot_date,
    coalesce(horizon_orders.order_count, 0) as order_count,
    coalesce(horizon_orders.order_revenue, 0)
    - coalesce(horizon_refunds.refund_amount, 0) as net_revenue
from eligible
inner join snapshots on eligible.snapshot_date = snapshots.snapshot_date
left join horizon_orders
    on
        eligible.customer_key = horizon_orders.customer_key
        and eligible.snapshot_date = horizon_orders.snapshot_date
left join horizon_refunds
    on
        eligible.customer_key = horizon_refunds.customer_key
        and eligible.snapshot_date = horizon_refunds.snapshot_date
