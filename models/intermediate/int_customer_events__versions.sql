{{ config(materialized='table') }}

-- materialised: every event of a customer once per known version of it and of its product's
-- category; orders, returns and reviews are taken from their own tables only. Sorted, so that the
-- sequences of some customers read their own events only
with

orders as (

    select * from {{ ref('int_orders__completed') }}

),

-- an order stands for the product that most was paid for
main_products as (

    select
        order_id,
        arg_max(product_id, (line_revenue, -line_number)) as product_id
    from {{ ref('stg_shop__order_items') }}
    group by order_id

),

categories as (

    select * from {{ ref('int_products__categories') }}

),

customer_events as (

    select
        customer_key,
        event_type,
        event_id,
        occurred_at,
        product_id,
        known_from,
        known_until
    from {{ ref('stg_shop__events') }}
    where
        customer_key is not null
        and event_type not in ('purchase', 'return', 'review')

    union all by name

    select
        orders.customer_key,
        'purchase' as event_type,
        orders.order_id as event_id,
        orders.ordered_at as occurred_at,
        main_products.product_id,
        orders.order_revenue as amount,
        orders.known_from,
        orders.known_until
    from orders
    inner join main_products on orders.order_id = main_products.order_id

    union all by name

    select
        refunds.customer_key,
        'return' as event_type,
        refunds.return_id as event_id,
        known_returns.returned_at as occurred_at,
        known_returns.product_id,
        refunds.refund_amount as amount,
        refunds.known_from,
        refunds.known_until
    from {{ ref('int_refunds__by_order') }} as refunds
    inner join {{ ref('stg_shop__returns') }} as known_returns
        on
            refunds.return_id = known_returns.return_id
            and refunds.known_from >= known_returns.known_from
            and coalesce(refunds.known_from < known_returns.known_until, true)

    union all by name

    select
        customer_key,
        'review' as event_type,
        review_id as event_id,
        reviewed_at as occurred_at,
        product_id,
        known_from,
        known_until
    from {{ ref('stg_shop__reviews') }}

),

versions as (

    select
        customer_events.customer_key,
        customer_events.event_type,
        customer_events.event_id,
        customer_events.occurred_at,
        categories.category,
        round(ln(1 + coalesce(cast(customer_events.amount as double), 0)), 6) as log_amount,
        cast(greatest(customer_events.known_from, categories.known_from) as date) as known_from,
        cast(least(customer_events.known_until, categories.known_until) as date) as known_until
    from customer_events
    left join categories
        on
            customer_events.product_id = categories.product_id
            and customer_events.known_from
            < coalesce(categories.known_until, timestamp 'infinity')
            and coalesce(customer_events.known_until, timestamp 'infinity')
            > categories.known_from

)

-- a version that is over before midnight is never seen by a snapshot
select * from versions
where coalesce(known_from < known_until, true)
order by customer_key
