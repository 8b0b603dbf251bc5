-- nobody forgotten, nobody invented; a scoring of an earlier as_of_date is not judged
with

scoring_snapshot as (

    select snapshot_date
    from {{ ref('snapshots') }}
    where snapshot_role = 'scoring'

),

latest_scoring as (

    select scorings.snapshot_date
    from {{ ref('stg_segml__scorings') }} as scorings
    inner join scoring_snapshot on scorings.snapshot_date = scoring_snapshot.snapshot_date
    where scorings.is_latest

),

eligible as (

    select features.customer_key
    from {{ ref('customer_features') }} as features
    inner join latest_scoring on features.snapshot_date = latest_scoring.snapshot_date

),

predicted as (

    select predictions.customer_key
    from {{ ref('stg_segml__segment_predictions') }} as predictions
    inner join scoring_snapshot on predictions.snapshot_date = scoring_snapshot.snapshot_date

)

select
    eligible.customer_key as eligible_customer_key,
    predicted.customer_key as predicted_customer_key,
    count(*) as row_count
from eligible
full outer join predicted on eligible.customer_key = predicted.customer_key
group by eligible.customer_key, predicted.customer_key
having eligible.customer_key is null or predicted.customer_key is null or count(*) > 1
