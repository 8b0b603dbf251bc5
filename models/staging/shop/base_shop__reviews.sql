{{ config(materialized='table') }}

with

typed_rows as (

    select * from {{ ref('typed_shop__reviews') }}

),

erased_customers as (

    select customer_id from {{ ref('base_shop__erasure_requests') }}

),

known_customers as (

    select * from {{ ref('base_shop__known_customers') }}

),

checked as not materialized (

    select
        typed_rows.*,
        known_customers.customer_key,
        {{ known_from('typed_rows.reviewed_at') }} as known_from,
        case
            when len(typed_rows.uncastable_columns) > 0 then 'uncastable_value'
            when typed_rows.review_id is null then 'missing_review_id'
            when typed_rows.customer_id is null then 'missing_customer_id'
            when typed_rows.reviewed_at is null then 'missing_reviewed_at'
            when typed_rows.reviewed_at > typed_rows.loaded_at + interval 1 day then 'future_dated'
            when {{ is_implausible_date('typed_rows.reviewed_at') }} then 'implausible_date'
            when typed_rows.rating is null then 'missing_rating'
            when typed_rows.rating not between 1 and 5 then 'impossible_rating'
            when known_customers.customer_id is null then 'unknown_customer'
        end as rule_reason
    from typed_rows
    left join known_customers
        on typed_rows.customer_id = known_customers.customer_id
    where not {{ is_erased('typed_rows.customer_id') }}

),

{{ with_versions(['review_id']) }}

select * from judged
