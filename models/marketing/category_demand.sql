with

forecasts as (

    select * from {{ ref('int_demand__intervals') }}
    where snapshot_role = 'scoring' and grain = 'category'

)

select
    category,
    snapshot_date as as_of_date,
    label_end_date as horizon_end_date,
    expected_units,
    low_units,
    high_units,
    new_customer_units,
    last_period_units,
    expected_units / nullif(last_period_units, 0) - 1 as change_rate,
    coalesce(seasonal_factor, 1) as seasonal_factor,
    case
        when seasonal_factor is not null then 'the same window a year ago'
        else 'none: less than a year before the window that it is compared with'
    end as season_basis
from forecasts
