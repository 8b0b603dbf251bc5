{{ config(materialized='table') }}

with

typed_rows as (

    select * from {{ ref('typed_shop__labelled_customers') }}

),

erased_customers as (

    select customer_id from {{ ref('base_shop__erasure_requests') }}

),

checked as (

    select
        *,
        {{ customer_key('user_id') }} as customer_key,
        -- a table without times: all of it is known at once
        timestamp '1900-01-01' as known_from,
        case when user_id is null then 'missing_user_id' end as rule_reason
    from typed_rows
    where not {{ is_erased('user_id') }}

),

{{ with_versions(['user_id']) }}

select * from judged
