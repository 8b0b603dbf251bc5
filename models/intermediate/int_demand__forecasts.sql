{{ config(materialized='table') }}

-- materialised: for plans, spreads and judgement; categories by products, with what they come from
with

settings as (

    select * from {{ ref('int_demand__settings') }}

),

histories as (

    select * from {{ ref('int_demand__histories') }}

),

products as (

    select
        settings.snapshot_date,
        settings.snapshot_role,
        settings.label_end_date,
        settings.half_life_days,
        categories.category,
        histories.product_id,
        categories.seasonal_factor,
        categories.expected_units * settings.correction * shares.category_share
            as expected_units,
        categories.new_customer_units * settings.correction * shares.category_share
            as new_customer_units,
        histories.last_period_units,
        histories.moving_average_units,
        outcomes.unit_count
    from settings
    inner join {{ ref('int_demand__categories') }} as categories
        on settings.snapshot_date = categories.snapshot_date
    inner join histories
        on
            categories.snapshot_date = histories.snapshot_date
            and categories.category = histories.category
    inner join {{ ref('int_demand__shares') }} as shares
        on
            settings.half_life_days = shares.half_life_days
            and histories.snapshot_date = shares.snapshot_date
            and histories.product_id = shares.product_id
    left join {{ ref('int_demand__outcomes') }} as outcomes
        on
            histories.snapshot_date = outcomes.snapshot_date
            and histories.product_id = outcomes.product_id

)

select
    snapshot_date,
    snapshot_role,
    label_end_date,
    half_life_days,
    category,
    product_id,
    case grouping(product_id) when 0 then 'product' else 'category' end as level,
    any_value(seasonal_factor) as seasonal_factor,
    {%- for measure in [
        'expected_units', 'new_customer_units', 'last_period_units', 'moving_average_units',
        'unit_count'
    ] %}
    cast(sum(cast({{ measure }} as decimal(28, 6))) as double) as {{ measure }}{{ "," if not loop.last }}
    {%- endfor %}
from products
group by grouping sets (
    (snapshot_date, snapshot_role, label_end_date, half_life_days, category, product_id),
    (snapshot_date, snapshot_role, label_end_date, half_life_days, category)
)
