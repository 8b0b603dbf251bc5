-- the snapshots that demand is forecast at, with the newest window before each whose outcome was
-- known by then; seasons can be told where a year lies before that window, too
with

snapshots as (

    select * from {{ ref('int_snapshots__spine') }}

),

orders as (

    select * from {{ ref('int_orders__completed') }}

),

first_orders as (

    select
        snapshots.snapshot_date,
        min(orders.ordered_date) as first_order_date
    from snapshots
    inner join orders on {{ is_known_at('orders', 'snapshots.snapshot_date') }}
    group by snapshots.snapshot_date

)

select
    snapshots.snapshot_date,
    snapshots.snapshot_role,
    snapshots.label_end_date,
    max(earlier.snapshot_date) as reference_date,
    any_value(first_orders.first_order_date) as first_order_date,
    max(earlier.snapshot_date) - 365 >= any_value(first_orders.first_order_date)
        as has_season,
    greatest(
        least(
            (snapshots.snapshot_date - any_value(first_orders.first_order_date))
            // {{ var('horizon_days') }},
            4
        ),
        1
    ) as period_count
from snapshots
inner join first_orders on snapshots.snapshot_date = first_orders.snapshot_date
inner join snapshots as earlier
    on earlier.is_labelled and snapshots.snapshot_date >= earlier.label_end_date
group by snapshots.snapshot_date, snapshots.snapshot_role, snapshots.label_end_date
