{{ config(
    materialized='incremental_by_part',
    part_key='order_id',
    part_facts="
        select lines.order_id, lines.row_fingerprint as fact_hash
        from {{ ref('typed_shop__order_items') }} as lines
        anti join {{ ref('base_shop__erased_orders') }} as erased_orders
            on lines.order_id = erased_orders.order_id
    "
) }}

-- whether an order is accepted follows from its part, which is that of its lines

with

typed_rows as (

    select * from {{ ref('typed_shop__order_items') }}

),

erased_orders as (

    select order_id from {{ ref('base_shop__erased_orders') }}

),

orders as (

    select distinct order_id
    from {{ ref('base_shop__orders') }}
    where
        rejection_reason is null
        and {{ in_changed_parts('order_id') }}

),

checked as not materialized (

    select
        typed_rows.*,
        timestamp '1900-01-01' as known_from,
        case
            when len(typed_rows.uncastable_columns) > 0 then 'uncastable_value'
            when typed_rows.order_id is null then 'missing_order_id'
            when typed_rows.line_number is null then 'missing_line_number'
            when orders.order_id is null then 'orphan_order_line'
            when
                typed_rows.quantity is null
                or typed_rows.quantity <= 0
                or typed_rows.quantity > {{ var('maximum_line_quantity') }}
                then 'impossible_quantity'
            when
                typed_rows.unit_price is null
                or typed_rows.unit_price < 0
                or typed_rows.unit_price > {{ var('maximum_unit_price') }}
                then 'impossible_price'
        end as rule_reason
    from typed_rows
    left join orders on typed_rows.order_id = orders.order_id
    anti join erased_orders on typed_rows.order_id = erased_orders.order_id

),

{{ with_versions(['order_id', 'line_number']) }}

select * from judged
