{{ config(materialized='table') }}

with

raw_rows as (

    {{ raw_rows('returns') }}

),

erased_orders as (

    select order_id from {{ ref('base_shop__erased_orders') }}

),

orders as (

    select
        order_id,
        min(ordered_at) as ordered_at
    from {{ ref('base_shop__orders') }}
    where rejection_reason is null
    group by order_id

),

checked as (

    select
        raw_rows.*,
        {{ known_from('raw_rows.returned_at') }} as known_from,
        case
            when len(raw_rows.uncastable_columns) > 0 then 'uncastable_value'
            when raw_rows.return_id is null then 'missing_return_id'
            when raw_rows.returned_at is null then 'missing_returned_at'
            when orders.order_id is null then 'orphan_return'
            when raw_rows.returned_at < orders.ordered_at
                then 'returned_before_order'
            when
                raw_rows.quantity <= 0
                or raw_rows.quantity > {{ var('maximum_line_quantity') }}
                then 'impossible_quantity'
            when
                raw_rows.refund_amount is null
                or raw_rows.refund_amount < 0
                or raw_rows.refund_amount
                > {{ var('maximum_unit_price') * var('maximum_line_quantity') }}
                then 'impossible_refund'
        end as rule_reason
    from raw_rows
    left join orders on raw_rows.order_id = orders.order_id
    anti join erased_orders on raw_rows.order_id = erased_orders.order_id

),

{{ with_versions('returns', ['return_id']) }}

select * from judged
