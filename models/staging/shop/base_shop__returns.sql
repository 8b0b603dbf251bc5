{{ config(materialized='table') }}

with

typed_rows as (

    select * from {{ ref('typed_shop__returns') }}

),

erased_orders as (

    select order_id from {{ ref('base_shop__erased_orders') }}

),

-- judged by the order as it was first known: a later version must not change an earlier verdict
orders as (

    select
        order_id,
        arg_min(ordered_at, known_from) as ordered_at
    from {{ ref('base_shop__orders') }}
    where rejection_reason is null
    group by order_id

),

checked as not materialized (

    select
        typed_rows.*,
        {{ known_from('typed_rows.returned_at') }} as known_from,
        case
            when len(typed_rows.uncastable_columns) > 0 then 'uncastable_value'
            when typed_rows.return_id is null then 'missing_return_id'
            when typed_rows.returned_at is null then 'missing_returned_at'
            when typed_rows.returned_at > typed_rows.loaded_at + interval 1 day then 'future_dated'
            when {{ is_implausible_date('typed_rows.returned_at') }} then 'implausible_date'
            when orders.order_id is null then 'orphan_return'
            when typed_rows.returned_at < orders.ordered_at
                then 'returned_before_order'
            when
                typed_rows.quantity <= 0
                or typed_rows.quantity > {{ var('maximum_line_quantity') }}
                then 'impossible_quantity'
            when
                typed_rows.refund_amount is null
                or typed_rows.refund_amount < 0
                or typed_rows.refund_amount
                > {{ var('maximum_unit_price') * var('maximum_line_quantity') }}
                then 'impossible_refund'
        end as rule_reason
    from typed_rows
    left join orders on typed_rows.order_id = orders.order_id
    anti join erased_orders on typed_rows.order_id = erased_orders.order_id

),

{{ with_versions(['return_id']) }}

select * from judged
