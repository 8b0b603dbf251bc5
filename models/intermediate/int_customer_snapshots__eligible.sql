with

orders as (

    select * from {{ ref('int_orders__completed') }}

),

snapshots as (

    select * from {{ ref('int_snapshots__to_build') }}

)

select distinct
    orders.customer_key,
    snapshots.snapshot_date
from snapshots
inner join orders
    on
        snapshots.snapshot_date > orders.ordered_date
        and snapshots.snapshot_date - {{ var('eligibility_days') }}
        <= orders.ordered_date
        and {{ is_known_at('orders', 'snapshots.snapshot_date') }}
