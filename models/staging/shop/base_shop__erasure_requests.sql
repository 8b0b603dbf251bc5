{{ config(materialized='table') }}

with

typed_rows as (

    select * from {{ ref('typed_shop__erasure_requests') }}

),

checked as not materialized (

    select
        *,
        timestamp '1900-01-01' as known_from,
        case when customer_id is null then 'missing_customer_id' end as rule_reason
    from typed_rows

),

{{ with_versions(['customer_id']) }}

select * from judged
