{{ config(materialized='table') }}

-- snapshots whose features are missing, or were built from other facts, code or variables
with

snapshots as (

    select * from {{ ref('int_snapshots__spine') }}

),

fingerprints as (

    select * from {{ ref('int_snapshots__fingerprints') }}

),

built as (

    {{ built_snapshots() }}

)

select
    snapshots.snapshot_date,
    snapshots.snapshot_role,
    fingerprints.fact_count,
    fingerprints.source_fingerprint
from snapshots
inner join fingerprints on snapshots.snapshot_date = fingerprints.snapshot_date
left join built on snapshots.snapshot_date = built.snapshot_date
where built.source_fingerprint is distinct from fingerprints.source_fingerprint
