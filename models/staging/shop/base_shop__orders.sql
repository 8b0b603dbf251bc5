{{ config(materialized='table') }}

with

typed_rows as (

    select * from {{ ref('typed_shop__orders') }}

),

erased_customers as (

    select customer_id from {{ ref('base_shop__erasure_requests') }}

),

checked as (

    select
        *,
        {{ customer_key('customer_id') }} as customer_key,
        {{ known_from('ordered_at') }} as known_from,
        case
            when len(uncastable_columns) > 0 then 'uncastable_value'
            when order_id is null then 'missing_order_id'
            when customer_id is null then 'missing_customer_id'
            when ordered_at is null then 'missing_ordered_at'
            when ordered_at > loaded_at + interval 1 day then 'future_dated'
            when {{ is_implausible_date('ordered_at') }} then 'implausible_date'
            when
                discount_amount < 0
                or discount_amount > {{ var('maximum_unit_price') }}
                then 'impossible_discount'
        end as rule_reason
    from typed_rows
    where not {{ is_erased('customer_id') }}

),

{{ with_versions(['order_id']) }}

select * from judged
