{{ config(materialized='table') }}

-- what the customers of each scoring did within its horizon, as it was known at its end; only
-- scorings whose horizon had passed by as_of_date
with

scoring_snapshot as (

    select snapshot_date
    from {{ ref('int_snapshots__spine') }}
    where snapshot_role = 'scoring'

),

model_versions as (

    select * from {{ ref('stg_segml__model_versions') }}

),

scorings as (

    select
        scorings.scoring_id,
        scorings.snapshot_date,
        scorings.snapshot_date + model_versions.horizon_days as horizon_end_date,
        model_versions.high_value_threshold
    from {{ ref('stg_segml__scorings') }} as scorings
    inner join model_versions on scorings.model_version = model_versions.model_version
    inner join scoring_snapshot
        on scorings.snapshot_date + model_versions.horizon_days <= scoring_snapshot.snapshot_date

),

predictions as (

    select * from {{ ref('stg_segml__prediction_history') }}

),

horizon_orders as (

    select
        scorings.scoring_id,
        orders.customer_key,
        count(*) as order_count,
        sum(orders.order_revenue) as order_revenue
    from scorings
    inner join {{ ref('int_orders__completed') }} as orders
        on
            scorings.snapshot_date <= orders.ordered_date
            and scorings.horizon_end_date > orders.ordered_date
            and {{ is_known_at('orders', 'scorings.horizon_end_date') }}
    group by scorings.scoring_id, orders.customer_key

),

horizon_refunds as (

    select
        scorings.scoring_id,
        refunds.customer_key,
        sum(refunds.refund_amount) as refund_amount
    from scorings
    inner join {{ ref('int_refunds__by_order') }} as refunds
        on
            scorings.snapshot_date <= refunds.ordered_date
            and scorings.horizon_end_date > refunds.ordered_date
            and {{ is_known_at('refunds', 'scorings.horizon_end_date') }}
    group by scorings.scoring_id, refunds.customer_key

),

outcomes as (

    select
        predictions.*,
        scorings.horizon_end_date,
        scorings.high_value_threshold,
        horizon_orders.order_count is not null as has_purchased,
        cast(
            coalesce(horizon_orders.order_revenue, 0) - coalesce(horizon_refunds.refund_amount, 0)
            as decimal(38, 4)
        ) as net_revenue
    from predictions
    inner join scorings on predictions.scoring_id = scorings.scoring_id
    left join horizon_orders
        on
            predictions.scoring_id = horizon_orders.scoring_id
            and predictions.customer_key = horizon_orders.customer_key
    left join horizon_refunds
        on
            predictions.scoring_id = horizon_refunds.scoring_id
            and predictions.customer_key = horizon_refunds.customer_key

)

select
    scoring_id,
    model_version,
    snapshot_date,
    horizon_end_date,
    customer_key,
    value_tier as predicted_tier,
    purchase_probability,
    expected_net_revenue,
    has_purchased,
    net_revenue,
    case
        when not has_purchased then 'low'
        when net_revenue >= high_value_threshold then 'high'
        else 'mid'
    end as value_tier,
    case
        when not has_purchased then probability_low
        when net_revenue >= high_value_threshold then probability_high
        else probability_mid
    end as outcome_probability
from outcomes
