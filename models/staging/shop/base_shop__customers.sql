{{ config(materialized='table') }}

with

typed_rows as (

    select * from {{ ref('typed_shop__customers') }}

),

erased_customers as (

    select customer_id from {{ ref('base_shop__erasure_requests') }}

),

checked as not materialized (

    select
        *,
        {{ customer_key('customer_id') }} as customer_key,
        {{ known_from("coalesce(registered_at, timestamp '1900-01-01')") }}
            as known_from,
        case when customer_id is null then 'missing_customer_id' end as rule_reason
    from typed_rows
    where not {{ is_erased('customer_id') }}

),

{{ with_versions(['customer_id']) }}

select * from judged
