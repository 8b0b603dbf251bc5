with

predictions as (

    select * from {{ source('segml', 'labelled_predictions') }}

),

erased_customers as (

    select customer_key from {{ ref('stg_shop__erasure_requests') }}

),

latest_scoring as (

    select arg_max(scoring_id, (scored_at, scoring_id)) as scoring_id
    from predictions

)

select
    predictions.scoring_id,
    predictions.customer_key,
    predictions.model_version,
    predictions.predicted_class,
    predictions.probability,
    predictions.class_probabilities,
    predictions.reasons,
    predictions.scored_at
from predictions
inner join latest_scoring on predictions.scoring_id = latest_scoring.scoring_id
-- whoever asked to be erased after the scoring is not shown again
anti join erased_customers on predictions.customer_key = erased_customers.customer_key
