{%- set horizon_days = var('horizon_days') %}
{%- set measures = [
    'expected_units', 'low_units', 'high_units', 'last_period_units', 'safety_units'
] %}

with

scoring_snapshot as (

    select
        snapshot_date,
        label_end_date
    from {{ ref('int_snapshots__spine') }}
    where snapshot_role = 'scoring'

),

forecasts as (

    select * from {{ ref('int_demand__intervals') }}
    where snapshot_role = 'scoring' and grain = 'product'

),

catalogue as (

    select catalogue.*
    from {{ ref('stg_shop__products') }} as catalogue
    inner join scoring_snapshot
        on {{ is_known_at('catalogue', 'scoring_snapshot.snapshot_date') }}

),

-- what was never sold is not expected to be, once there are forecasts at all
products as (

    select
        coalesce(forecasts.product_id, catalogue.product_id) as product_id,
        catalogue.product_name,
        coalesce(catalogue.category, forecasts.category, 'uncategorised') as category,
        {%- for measure in measures %}
        case when forecasts.product_id is null then 0 else forecasts.{{ measure }} end
            as {{ measure }},
        {%- endfor %}
        bool_or(forecasts.product_id is not null) over () as has_forecasts,
        catalogue.stock_on_hand_units,
        catalogue.lead_time_days,
        catalogue.unit_cost
    from forecasts
    full join catalogue on forecasts.product_id = catalogue.product_id

),

-- a miss over the lead time is smaller than over the horizon by the root of their ratio
levels as (

    select
        *,
        safety_units * sqrt(lead_time_days / {{ horizon_days }}) as safety_stock_units,
        expected_units * lead_time_days / {{ horizon_days }} as lead_time_units,
        lead_time_units + safety_stock_units as reorder_point_units,
        greatest(expected_units, lead_time_units) + safety_stock_units as full_stock_units
    from products

),

-- due down to the reorder point, and then up to the full stock: an (s, S) policy
planned as (

    select
        *,
        stock_on_hand_units <= reorder_point_units and stock_on_hand_units < full_stock_units
            as is_reorder_due,
        case
            when is_reorder_due then ceil(full_stock_units - stock_on_hand_units)
            when not is_reorder_due then 0
        end as reorder_quantity
    from levels

)

select
    planned.product_id,
    planned.product_name,
    planned.category,
    scoring_snapshot.snapshot_date as as_of_date,
    scoring_snapshot.label_end_date as horizon_end_date,
    planned.expected_units,
    planned.low_units,
    planned.high_units,
    planned.last_period_units,
    cast(planned.stock_on_hand_units as double) as stock_on_hand_units,
    cast(planned.lead_time_days as double) as lead_time_days,
    planned.stock_on_hand_units * {{ horizon_days }} / nullif(planned.expected_units, 0)
        as days_of_stock,
    planned.safety_stock_units,
    planned.reorder_point_units,
    planned.is_reorder_due,
    cast(planned.reorder_quantity as bigint) as reorder_quantity,
    cast(planned.reorder_quantity * planned.unit_cost as double) as reorder_cost,
    planned.stock_on_hand_units
    > {{ var('overstock_horizons') }} * planned.expected_units + planned.safety_stock_units
        as is_overstocked
from planned
cross join scoring_snapshot
where planned.has_forecasts
