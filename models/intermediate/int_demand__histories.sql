{{ config(materialized='table') }}

-- materialised: what was sold of each product before each snapshot. An order far above what is usual
-- for the product (two geometric standard deviations) counts as much as a usual large one in shares,
-- since it says little about the next one
{%- set horizon_days = var('horizon_days') %}

with

windows as (

    select * from {{ ref('int_demand__windows') }}

),

sales as (

    select
        windows.*,
        order_products.product_id,
        order_products.unit_count,
        windows.snapshot_date - order_products.ordered_date as age_days,
        windows.reference_date - order_products.ordered_date as reference_age_days,
        cast(ln(order_products.unit_count) as decimal(18, 9)) as log_units
    from windows
    inner join {{ ref('int_order_products__completed') }} as order_products
        on
            windows.snapshot_date > order_products.ordered_date
            and {{ is_known_at('order_products', 'windows.snapshot_date') }}
    where order_products.product_id is not null and order_products.unit_count > 0

),

large_orders as (

    select
        snapshot_date,
        product_id,
        exp(
            avg(log_units)
            + 2 * sqrt(greatest(avg(pow(log_units, 2)) - pow(avg(log_units), 2), 0))
        ) as large_unit_count
    from sales
    group by snapshot_date, product_id

),

products as (

    select
        sales.snapshot_date,
        sales.product_id,
        {%- for half_life in var('demand_half_lives_days') %}
        cast(
            sum(
                cast(
                    least(sales.unit_count, large_orders.large_unit_count)
                    * pow(0.5, sales.age_days / {{ half_life }}) as decimal(18, 6)
                )
            ) as double
        ) as weighted_units_{{ half_life }},
        {%- endfor %}
        cast(
            coalesce(
                sum(sales.unit_count) filter (where sales.age_days <= {{ horizon_days }}), 0
            ) as double
        ) as last_period_units,
        cast(
            coalesce(
                sum(sales.unit_count) filter (
                    where sales.age_days <= sales.period_count * {{ horizon_days }}
                ), 0
            ) as double
        ) / any_value(sales.period_count) as moving_average_units,
        cast(
            coalesce(
                sum(sales.unit_count) filter (
                    where sales.age_days between 366 - {{ horizon_days }} and 365
                ), 0
            ) as double
        ) as season_units,
        cast(
            coalesce(
                sum(sales.unit_count) filter (
                    where sales.reference_age_days between 366 - {{ horizon_days }} and 365
                ), 0
            ) as double
        ) as reference_season_units
    from sales
    inner join large_orders
        on
            sales.snapshot_date = large_orders.snapshot_date
            and sales.product_id = large_orders.product_id
    group by sales.snapshot_date, sales.product_id

)

select
    products.*,
    coalesce(categories.category, 'uncategorised') as category
from products
left join {{ ref('int_products__categories') }} as categories
    on
        products.product_id = categories.product_id
        and {{ is_known_at('categories', 'products.snapshot_date') }}
