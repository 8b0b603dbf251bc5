-- metrics over time need every day, whether or not something happened on it
with

first_orders as (

    select min(ordered_date) as first_date
    from {{ ref('int_orders__completed') }}

),

scoring_snapshot as (

    select snapshot_date as as_of_date
    from {{ ref('int_snapshots__spine') }}
    where snapshot_role = 'scoring'

),

days as (

    select
        unnest(
            generate_series(
                date_trunc('month', first_orders.first_date),
                scoring_snapshot.as_of_date,
                interval 1 day
            )
        ) as day_at
    from first_orders
    cross join scoring_snapshot

)

select cast(day_at as date) as date_day
from days
