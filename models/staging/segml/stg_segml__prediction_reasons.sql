with

reasons as (

    select * from {{ source('segml', 'prediction_reasons') }}

),

erased_customers as (

    select customer_key from {{ ref('stg_shop__erasure_requests') }}

),

latest_scoring as (

    select scoring_id
    from {{ ref('stg_segml__scorings') }}
    where is_latest

)

select
    reasons.scoring_id,
    reasons.customer_key,
    reasons.rank as reason_rank,
    reasons.feature,
    reasons.feature_value,
    reasons.contribution,
    reasons.direction,
    reasons.reason_text
from reasons
inner join latest_scoring on reasons.scoring_id = latest_scoring.scoring_id
-- whoever asked to be erased after the scoring is not shown again
anti join erased_customers on reasons.customer_key = erased_customers.customer_key
