with

model_versions as (

    select * from {{ source('segml', 'model_versions') }}

)

select
    model_version,
    run_id,
    model_name,
    as_of_date,
    horizon_days,
    high_value_threshold,
    status = 'champion' as is_champion
from model_versions
-- versions from before there were data sets are of the shop
where coalesce(data_set, 'shop') = 'shop'
