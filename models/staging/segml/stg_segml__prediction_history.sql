with

predictions as (

    select * from {{ source('segml', 'segment_predictions') }}

),

erased_customers as (

    select customer_key from {{ ref('stg_shop__erasure_requests') }}

),

scorings as (

    select * from {{ ref('stg_segml__scorings') }}

)

select
    predictions.scoring_id,
    predictions.customer_key,
    predictions.snapshot_date,
    predictions.model_version,
    predictions.value_tier,
    predictions.probability_low,
    predictions.probability_mid,
    predictions.probability_high,
    predictions.purchase_probability,
    predictions.expected_net_revenue,
    scorings.is_latest_of_snapshot
from predictions
inner join scorings on predictions.scoring_id = scorings.scoring_id
-- whoever asked to be erased after the scoring is not shown again
anti join erased_customers on predictions.customer_key = erased_customers.customer_key
