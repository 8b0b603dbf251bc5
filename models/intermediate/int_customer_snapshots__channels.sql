with

orders as (

    select * from {{ ref('int_orders__completed') }}
    where channel is not null

),

snapshots as (

    select * from {{ ref('int_snapshots__to_build') }}

),

channel_orders as (

    select
        orders.customer_key,
        snapshots.snapshot_date,
        orders.channel,
        count(*) as order_count
    from snapshots
    inner join orders
        on
            snapshots.snapshot_date > orders.ordered_date
            and {{ is_known_at('orders', 'snapshots.snapshot_date') }}
    group by orders.customer_key, snapshots.snapshot_date, orders.channel

)

select
    customer_key,
    snapshot_date,
    cast(count(*) as integer) as channel_count,
    arg_max(channel, (order_count, channel)) as top_channel,
    cast(max(order_count) as double) / sum(order_count) as top_channel_share
from channel_orders
group by customer_key, snapshot_date
