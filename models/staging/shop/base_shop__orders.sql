{{ config(
    materialized='incremental_by_part',
    part_key='order_id',
    part_facts="
        with erased_customers as (select customer_id from {{ ref('base_shop__erasure_requests') }})
        select order_id, row_fingerprint as fact_hash
        from {{ ref('typed_shop__orders') }}
        where not {{ is_erased('customer_id') }}
    "
) }}

with

typed_rows as (

    select * from {{ ref('typed_shop__orders') }}

),

erased_customers as (

    select customer_id from {{ ref('base_shop__erasure_requests') }}

),

-- a pseudonym costs more than the rest of a row: one for each customer
customer_keys as (

    select
        customer_id,
        {{ customer_key('customer_id') }} as customer_key
    from typed_rows
    group by customer_id

),

checked as not materialized (

    select
        typed_rows.*,
        customer_keys.customer_key,
        {{ known_from('typed_rows.ordered_at') }} as known_from,
        case
            when len(typed_rows.uncastable_columns) > 0 then 'uncastable_value'
            when typed_rows.order_id is null then 'missing_order_id'
            when typed_rows.customer_id is null then 'missing_customer_id'
            when typed_rows.ordered_at is null then 'missing_ordered_at'
            when typed_rows.ordered_at > typed_rows.loaded_at + interval 1 day then 'future_dated'
            when {{ is_implausible_date('typed_rows.ordered_at') }} then 'implausible_date'
            when
                typed_rows.discount_amount < 0
                or typed_rows.discount_amount > {{ var('maximum_unit_price') }}
                then 'impossible_discount'
        end as rule_reason
    from typed_rows
    left join customer_keys on typed_rows.customer_id = customer_keys.customer_id
    where not {{ is_erased('typed_rows.customer_id') }}

),

{{ with_versions(['order_id']) }}

select * from judged
