with

outcomes as (

    select * from {{ ref('int_customer_snapshots__outcomes') }}

),

threshold as (

    select * from {{ ref('value_tier_threshold') }}

)

select
    outcomes.customer_key,
    outcomes.snapshot_date,
    cast(outcomes.order_count as bigint) as horizon_order_count,
    cast(outcomes.net_revenue as double) as horizon_net_revenue,
    outcomes.order_count > 0 as has_purchased,
    case
        when outcomes.order_count = 0 then 'low'
        when outcomes.net_revenue >= threshold.high_value_threshold then 'high'
        else 'mid'
    end as value_tier
from outcomes
cross join threshold
