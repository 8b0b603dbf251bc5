with

scorings as (

    select * from {{ source('segml', 'scorings') }}

)

select
    scoring_id,
    model_version,
    snapshot_date,
    customer_count,
    scored_at,
    row_number() over (order by scored_at desc, scoring_id desc) = 1 as is_latest,
    row_number() over (
        partition by snapshot_date order by scored_at desc, scoring_id desc
    ) = 1 as is_latest_of_snapshot
from scorings
where status = 'complete'
