{{ config(materialized='table') }}

with

raw_rows as (

    {{ raw_rows('orders') }}

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
            when ordered_at < date '{{ var("earliest_plausible_date") }}'
                then 'implausible_date'
            when ordered_at > loaded_at + interval 1 day then 'future_dated'
            when
                discount_amount < 0
                or discount_amount > {{ var('maximum_unit_price') }}
                then 'impossible_discount'
        end as rule_reason
    from raw_rows
    where not {{ is_erased('customer_id') }}

),

{{ with_versions('orders', ['order_id']) }}

select * from judged
