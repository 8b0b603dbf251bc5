with

eligible as (

    select * from {{ ref('int_customer_snapshots__eligible') }}

),

orders as (

    select * from {{ ref('int_customer_snapshots__orders') }}

),

refunds as (

    select * from {{ ref('int_customer_snapshots__refunds') }}

)

select
    eligible.customer_key,
    eligible.snapshot_date,
    orders.recency_days,
    orders.order_count,
    orders.order_revenue - coalesce(refunds.refund_amount, 0) as net_revenue
from eligible
inner join orders
    on
        eligible.customer_key = orders.customer_key
        and eligible.snapshot_date = orders.snapshot_date
left join refunds
    on
        eligible.customer_key = refunds.customer_key
        and eligible.snapshot_date = refunds.snapshot_date
