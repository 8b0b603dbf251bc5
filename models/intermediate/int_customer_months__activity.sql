-- what each customer did in each calendar month, as known at as_of_date; a refund counts in the
-- month of its order
with

scoring_snapshot as (

    select snapshot_date
    from {{ ref('int_snapshots__spine') }}
    where snapshot_role = 'scoring'

),

orders as (

    select * from {{ ref('int_orders__completed') }}

),

refunds as (

    select * from {{ ref('int_refunds__by_order') }}

),

events as (

    select * from {{ ref('stg_shop__events') }}
    where customer_key is not null

),

reviews as (

    select * from {{ ref('stg_shop__reviews') }}

),

facts as (

    select
        orders.customer_key,
        orders.ordered_date as fact_date,
        orders.order_id,
        orders.order_revenue as net_revenue
    from orders
    inner join scoring_snapshot on {{ is_known_at('orders', 'scoring_snapshot.snapshot_date') }}

    union all by name

    select
        refunds.customer_key,
        refunds.ordered_date as fact_date,
        -refunds.refund_amount as net_revenue
    from refunds
    inner join scoring_snapshot on {{ is_known_at('refunds', 'scoring_snapshot.snapshot_date') }}

    union all by name

    select
        events.customer_key,
        cast(events.occurred_at as date) as fact_date,
        events.session_id,
        case when events.event_type = 'checkout' then events.session_id end as checkout_session_id
    from events
    inner join scoring_snapshot on {{ is_known_at('events', 'scoring_snapshot.snapshot_date') }}

    union all by name

    select
        reviews.customer_key,
        cast(reviews.reviewed_at as date) as fact_date,
        cast(reviews.rating as decimal(18, 4)) as rating
    from reviews
    inner join scoring_snapshot on {{ is_known_at('reviews', 'scoring_snapshot.snapshot_date') }}

),

customer_months as (

    select
        customer_key,
        cast(date_trunc('month', fact_date) as date) as month_start_date,
        count(order_id) as order_count,
        coalesce(sum(net_revenue), 0) as net_revenue,
        count(distinct session_id) as session_count,
        count(distinct checkout_session_id) as checkout_session_count,
        count(rating) as review_count,
        coalesce(sum(rating), 0) as rating_sum
    from facts
    group by customer_key, date_trunc('month', fact_date)

)

select
    customer_key,
    month_start_date,
    order_count,
    net_revenue,
    session_count,
    checkout_session_count,
    review_count,
    rating_sum,
    order_count > 0 as is_buyer,
    order_count > 0
    and min(month_start_date) filter (where order_count > 0) over customer < month_start_date
        as is_repeat_buyer,
    order_count > 0
    and coalesce(
        max(month_start_date) filter (where order_count > 0) over earlier_months
        = month_start_date - interval 1 month,
        false
    ) as is_retained_buyer
from customer_months
window
    customer as (partition by customer_key),
    earlier_months as (
        partition by customer_key
        order by month_start_date
        rows between unbounded preceding and 1 preceding
    )
