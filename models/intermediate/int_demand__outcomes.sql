{{ config(materialized='table') }}

-- materialised: it is compared with every forecast; what was sold after each snapshot, as it was known
-- at the end of the horizon. A product that was new by then has no forecast and is nobody's fault
with

windows as (

    select * from {{ ref('int_demand__windows') }}
    where snapshot_role != 'scoring'

),

sold as (

    select
        windows.snapshot_date,
        order_products.product_id,
        sum(order_products.unit_count) as unit_count
    from windows
    inner join {{ ref('int_order_products__completed') }} as order_products
        on
            windows.snapshot_date <= order_products.ordered_date
            and windows.label_end_date > order_products.ordered_date
            and {{ is_known_at('order_products', 'windows.label_end_date') }}
    group by windows.snapshot_date, order_products.product_id

)

select
    histories.snapshot_date,
    histories.category,
    histories.product_id,
    cast(coalesce(sold.unit_count, 0) as double) as unit_count
from {{ ref('int_demand__histories') }} as histories
inner join windows on histories.snapshot_date = windows.snapshot_date
left join sold
    on
        histories.snapshot_date = sold.snapshot_date
        and histories.product_id = sold.product_id
