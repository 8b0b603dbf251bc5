with

personas as (

    select * from {{ source('segml', 'personas') }}

),

model_versions as (

    select * from {{ source('segml', 'model_versions') }}

),

latest_scoring as (

    select model_version
    from {{ ref('stg_segml__scorings') }}
    where is_latest

)

select
    personas.run_id,
    personas.snapshot_date,
    personas.cluster_name,
    personas.description,
    personas.distinctive_features,
    personas.value_order,
    personas.customer_count,
    personas.customer_share,
    personas.mean_net_revenue,
    personas.cluster_count,
    personas.stability,
    personas.silhouette
from personas
inner join model_versions on personas.run_id = model_versions.run_id
inner join latest_scoring
    on model_versions.model_version = latest_scoring.model_version
where personas.customer_count >= {{ var('k_anonymity') }}
