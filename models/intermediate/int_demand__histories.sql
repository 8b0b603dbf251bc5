{{ config(materialized='table') }}

-- materialised: what was sold of each product before each snapshot. An order far above what is
-- usual for the product (two geometric standard deviations, pooled over products) counts as much
-- as a usual large one in shares, since it says little about the next one. Log-normal orders that
-- come by chance have lump_units times the variance of single units
{%- set horizon_days = var('horizon_days') %}
{%- set prior_orders = 5 %}
{%- set periods = {
    'last_period': 'sales.age_days <= ' ~ horizon_days,
    'past_periods': 'sales.age_days <= sales.period_count * ' ~ horizon_days,
    'season': 'sales.age_days between 366 - ' ~ horizon_days ~ ' and 365',
    'reference_season': 'sales.reference_age_days between 366 - ' ~ horizon_days ~ ' and 365',
} %}

with

sales as (

    select
        windows.*,
        order_products.product_id,
        order_products.unit_count,
        windows.snapshot_date - order_products.ordered_date as age_days,
        windows.reference_date - order_products.ordered_date as reference_age_days,
        cast(ln(order_products.unit_count) as decimal(18, 9)) as log_units
    from {{ ref('int_demand__windows') }} as windows
    inner join {{ ref('int_order_products__completed') }} as order_products
        on
            windows.snapshot_date > order_products.ordered_date
            and {{ is_known_at('order_products', 'windows.snapshot_date') }}
    where order_products.product_id is not null and order_products.unit_count > 0

),

order_sizes as (

    select
        snapshot_date,
        product_id,
        count(*) as order_count,
        avg(log_units) as log_mean,
        avg(cast(pow(log_units, 2) as decimal(18, 9))) - pow(avg(log_units), 2)
            as log_variance
    from sales
    group by snapshot_date, product_id

),

shops as (

    select
        snapshot_date,
        cast(sum(cast(order_count * log_mean as decimal(28, 9))) as double)
        / sum(order_count) as log_mean,
        sqrt(
            greatest(
                cast(sum(cast(order_count * log_variance as decimal(28, 9))) as double)
                / sum(order_count), 0
            )
        ) as log_spread
    from order_sizes
    group by snapshot_date

),

large_orders as (

    select
        order_sizes.snapshot_date,
        order_sizes.product_id,
        (order_sizes.order_count * order_sizes.log_mean + {{ prior_orders }} * shops.log_mean)
        / (order_sizes.order_count + {{ prior_orders }}) as drawn_log_mean,
        exp(drawn_log_mean + 2 * shops.log_spread) as large_unit_count,
        exp(drawn_log_mean + 1.5 * pow(shops.log_spread, 2)) as lump_units
    from order_sizes
    inner join shops on order_sizes.snapshot_date = shops.snapshot_date

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
                    * pow(0.5, sales.age_days / {{ half_life }}) as decimal(38, 6)
                )
            ) as double
        ) as weighted_units_{{ half_life }},
        {%- endfor %}
        {%- for period, condition in periods.items() %}
        cast(coalesce(sum(sales.unit_count) filter (where {{ condition }}), 0) as double)
            as {{ period }}_units,
        {%- endfor %}
        any_value(sales.period_count) as period_count,
        any_value(large_orders.lump_units) as lump_units
    from sales
    inner join large_orders
        on
            sales.snapshot_date = large_orders.snapshot_date
            and sales.product_id = large_orders.product_id
    group by sales.snapshot_date, sales.product_id

)

select
    products.*,
    products.past_periods_units / products.period_count as moving_average_units,
    coalesce(categories.category, 'uncategorised') as category
from products
left join {{ ref('int_products__categories') }} as categories
    on
        products.product_id = categories.product_id
        and {{ is_known_at('categories', 'products.snapshot_date') }}
