{{ config(materialized='table') }}

with

raw_rows as (

    {{ raw_rows('erasure_requests') }}

),

checked as (

    select
        *,
        timestamp '1900-01-01' as known_from,
        case when customer_id is null then 'missing_customer_id' end as rule_reason
    from raw_rows

),

{{ with_versions('erasure_requests', ['customer_id']) }}

select * from judged
