{{ config(materialized='table') }}

with

raw_rows as (

    {{ raw_rows('order_items') }}

),

erased_orders as (

    select order_id from {{ ref('base_shop__erased_orders') }}

),

orders as (

    select distinct order_id
    from {{ ref('base_shop__orders') }}
    where rejection_reason is null

),

checked as (

    select
        raw_rows.*,
        timestamp '1900-01-01' as known_from,
        case
            when len(raw_rows.uncastable_columns) > 0 then 'uncastable_value'
            when raw_rows.order_id is null then 'missing_order_id'
            when raw_rows.line_number is null then 'missing_line_number'
            when orders.order_id is null then 'orphan_order_line'
            when
                raw_rows.quantity is null
                or raw_rows.quantity <= 0
                or raw_rows.quantity > {{ var('maximum_line_quantity') }}
                then 'impossible_quantity'
            when
                raw_rows.unit_price is null
                or raw_rows.unit_price < 0
                or raw_rows.unit_price > {{ var('maximum_unit_price') }}
                then 'impossible_price'
        end as rule_reason
    from raw_rows
    left join orders on raw_rows.order_id = orders.order_id
    anti join erased_orders on raw_rows.order_id = erased_orders.order_id

),

{{ with_versions('order_items', ['order_id', 'line_number']) }}

select * from judged
