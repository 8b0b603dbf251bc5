{{ config(materialized='table') }}

-- materialised: it is compared with every forecast; what was sold after each snapshot, as it was
-- known at the end of the horizon; what was not sold before counts for its category, and has no
-- forecast
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
    where order_products.product_id is not null
    group by windows.snapshot_date, order_products.product_id

),

products as (

    select
        snapshot_date,
        product_id
    from sold

    union

    select
        snapshot_date,
        product_id
    from {{ ref('int_demand__histories') }}

)

select
    windows.snapshot_date,
    products.product_id,
    coalesce(histories.category, categories.category, 'uncategorised') as category,
    histories.product_id is not null as is_known,
    cast(coalesce(sold.unit_count, 0) as double) as unit_count
from windows
inner join products on windows.snapshot_date = products.snapshot_date
left join {{ ref('int_demand__histories') }} as histories
    on
        products.snapshot_date = histories.snapshot_date
        and products.product_id = histories.product_id
left join sold
    on
        products.snapshot_date = sold.snapshot_date
        and products.product_id = sold.product_id
left join {{ ref('int_products__categories') }} as categories
    on
        products.product_id = categories.product_id
        and {{ is_known_at('categories', 'windows.label_end_date') }}
