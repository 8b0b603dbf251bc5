{{ config(materialized='table') }}

-- materialised: for plans, spreads and judgement; demand of categories, products that are yet to
-- come included, and of the products that were sold before
with

histories as (

    select * from {{ ref('int_demand__histories') }}

),

outcomes as (

    select * from {{ ref('int_demand__outcomes') }}

),

category_histories as (

    select
        snapshot_date,
        category,
        cast(sum(cast(last_period_units as decimal(28, 6))) as double) as last_period_units,
        cast(sum(cast(moving_average_units as decimal(28, 6))) as double)
            as moving_average_units,
        cast(
            sum(cast(lump_units * moving_average_units as decimal(28, 6)))
            / nullif(sum(cast(moving_average_units as decimal(28, 6))), 0) as double
        ) as lump_units
    from histories
    group by snapshot_date, category

),

category_outcomes as (

    select
        snapshot_date,
        category,
        cast(sum(cast(unit_count as decimal(28, 6))) as double) as unit_count
    from outcomes
    group by snapshot_date, category

),

expected as (

    select
        learned.*,
        categories.category,
        categories.seasonal_factor,
        categories.expected_units,
        categories.new_customer_units
    from {{ ref('int_demand__settings') }} as learned
    inner join {{ ref('int_demand__categories') }} as categories
        on learned.snapshot_date = categories.snapshot_date

)

{%- set columns = [
    'snapshot_date', 'snapshot_role', 'label_end_date', 'category', 'seasonal_factor'
] %}

select
    {%- for column_name in columns %}
    expected.{{ column_name }},
    {%- endfor %}
    'category' as grain,
    cast(null as varchar) as product_id,
    expected.expected_units * expected.category_correction as expected_units,
    expected.new_customer_units * expected.category_correction as new_customer_units,
    category_histories.last_period_units,
    category_histories.moving_average_units,
    coalesce(category_histories.lump_units, 1) as lump_units,
    category_outcomes.unit_count
from expected
inner join category_histories
    on
        expected.snapshot_date = category_histories.snapshot_date
        and expected.category = category_histories.category
left join category_outcomes
    on
        expected.snapshot_date = category_outcomes.snapshot_date
        and expected.category = category_outcomes.category

union all by name

select
    {%- for column_name in columns %}
    expected.{{ column_name }},
    {%- endfor %}
    'product' as grain,
    histories.product_id,
    expected.expected_units * expected.product_correction * product_shares.category_share
        as expected_units,
    expected.new_customer_units * expected.product_correction * product_shares.category_share
        as new_customer_units,
    histories.last_period_units,
    histories.moving_average_units,
    histories.lump_units,
    outcomes.unit_count
from expected
inner join histories
    on
        expected.snapshot_date = histories.snapshot_date
        and expected.category = histories.category
inner join {{ ref('int_demand__shares') }} as product_shares
    on
        expected.half_life_days = product_shares.half_life_days
        and histories.snapshot_date = product_shares.snapshot_date
        and histories.product_id = product_shares.product_id
left join outcomes
    on
        histories.snapshot_date = outcomes.snapshot_date
        and histories.product_id = outcomes.product_id
