{{ config(materialized='incremental_by_part', part_key='order_id') }}

-- materialised: every feature group reads it; sorted, so that the features of some customers read
-- their own orders only
with

orders as (

    select * from {{ ref('stg_shop__orders') }}
    where {{ in_changed_parts('order_id') }}

),

order_items as (

    select * from {{ ref('stg_shop__order_items') }}
    where {{ in_changed_parts('order_id') }}

),

order_totals as (

    select
        order_id,
        sum(line_revenue) as gross_revenue,
        sum(quantity) as unit_count,
        count(distinct product_id) as product_count,
        sum(cast(hash(line_number, product_id, quantity, unit_price) as hugeint))
            as line_fingerprint
    from order_items
    group by order_id

),

completed as (

    select * from orders
    where
        status in (
            {%- for status in var('completed_order_statuses') %}
            '{{ status }}'{{ "," if not loop.last }}
            {%- endfor %}
        )

)

-- an order without a valid line is no purchase; a discount is never more than the goods
select
    completed.order_id,
    completed.customer_key,
    completed.channel,
    completed.ordered_at,
    completed.ordered_date,
    completed.known_from,
    completed.known_until,
    order_totals.product_count,
    order_totals.unit_count,
    order_totals.gross_revenue,
    order_totals.line_fingerprint,
    least(completed.discount_amount, order_totals.gross_revenue)
        as discount_amount,
    order_totals.gross_revenue
    - least(completed.discount_amount, order_totals.gross_revenue)
        as order_revenue
from completed
inner join order_totals on completed.order_id = order_totals.order_id
order by completed.customer_key
