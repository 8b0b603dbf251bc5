with

evaluation_metrics as (

    select * from {{ source('segml', 'evaluation_metrics') }}

)

select
    run_id,
    model_name,
    split,
    snapshot_date,
    metric,
    value,
    ci_low,
    ci_high
from evaluation_metrics
