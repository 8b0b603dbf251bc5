-- one row: units in one order from which a customer counts as wholesale, by an upper IQR fence
-- fitted on orders known before the newest development snapshot
with

development as (

    select max(snapshot_date) as snapshot_date
    from {{ ref('int_snapshots__spine') }}
    where snapshot_role in ('train', 'validation')

),

orders as (

    select orders.*
    from {{ ref('int_orders__completed') }} as orders
    inner join development on {{ is_known_at('orders', 'development.snapshot_date') }}

),

quartiles as (

    select
        -- of decimals: between equal doubles interpolation rounds past them
        cast(quantile_cont(unit_count, 0.25) as double) as lower_quartile,
        cast(quantile_cont(unit_count, 0.75) as double) as upper_quartile
    from orders

)

select
    upper_quartile
    + {{ var('wholesale_iqr_multiplier') }}
    * greatest(upper_quartile - lower_quartile, 1) as maximum_order_units
from quartiles
