-- monthly figures of today's segments, so that revenue adds up to the shop's total
with

scoring_snapshot as (

    select snapshot_date
    from {{ ref('snapshots') }}
    where snapshot_role = 'scoring'

),

segments as (

    select
        customer_key,
        case
            when
                count(*) over (partition by rfm_segment)
                < {{ var('k_anonymity') }}
                then 'Other'
            else rfm_segment
        end as rfm_segment
    from {{ ref('customer_segments') }}

),

orders as (

    select
        orders.customer_key,
        orders.order_id,
        orders.order_revenue,
        orders.ordered_date,
        date_trunc('month', orders.ordered_date) as month_start_date,
        min(orders.ordered_date) over (partition by orders.customer_key)
            as first_order_date
    from {{ ref('int_orders__completed') }} as orders
    inner join scoring_snapshot
        on {{ is_known_at('orders', 'scoring_snapshot.snapshot_date') }}

),

refunds as (

    select
        refunds.customer_key,
        date_trunc('month', refunds.ordered_date) as month_start_date,
        refunds.refund_amount
    from {{ ref('int_refunds__by_order') }} as refunds
    inner join scoring_snapshot
        on {{ is_known_at('refunds', 'scoring_snapshot.snapshot_date') }}

),

sessions as (

    select distinct
        events.customer_key,
        date_trunc('month', events.occurred_at) as month_start_date,
        events.session_id
    from {{ ref('stg_shop__events') }} as events
    inner join scoring_snapshot
        on {{ is_known_at('events', 'scoring_snapshot.snapshot_date') }}
    where events.customer_key is not null

),

reviews as (

    select
        reviews.customer_key,
        date_trunc('month', reviews.reviewed_at) as month_start_date,
        reviews.rating
    from {{ ref('stg_shop__reviews') }} as reviews
    inner join scoring_snapshot
        on {{ is_known_at('reviews', 'scoring_snapshot.snapshot_date') }}

),

customer_months as (

    select
        customer_key,
        month_start_date,
        count(*) as order_count,
        sum(order_revenue) as order_revenue,
        min(first_order_date) < month_start_date as is_repeat_buyer
    from orders
    group by customer_key, month_start_date

),

buyer_counts as (

    select
        segments.rfm_segment,
        buyers.month_start_date,
        count(*) as buyer_count,
        count(*) filter (where buyers.is_repeat_buyer) as repeat_buyer_count,
        count(previous.customer_key) as retained_buyer_count,
        sum(buyers.order_count) as order_count,
        sum(buyers.order_revenue) as order_revenue
    from customer_months as buyers
    inner join segments on buyers.customer_key = segments.customer_key
    left join customer_months as previous
        on
            buyers.customer_key = previous.customer_key
            and buyers.month_start_date
            = previous.month_start_date + interval 1 month
    group by segments.rfm_segment, buyers.month_start_date

),

refund_sums as (

    select
        segments.rfm_segment,
        refunds.month_start_date,
        sum(refunds.refund_amount) as refund_amount
    from refunds
    inner join segments on refunds.customer_key = segments.customer_key
    group by segments.rfm_segment, refunds.month_start_date

),

session_counts as (

    select
        segments.rfm_segment,
        sessions.month_start_date,
        count(*) as session_count
    from sessions
    inner join segments on sessions.customer_key = segments.customer_key
    group by segments.rfm_segment, sessions.month_start_date

),

rating_means as (

    select
        segments.rfm_segment,
        reviews.month_start_date,
        count(*) as review_count,
        cast(sum(cast(reviews.rating as decimal(18, 4))) as double) / count(*)
            as mean_rating
    from reviews
    inner join segments on reviews.customer_key = segments.customer_key
    group by segments.rfm_segment, reviews.month_start_date

),

segment_months as (

    select rfm_segment, month_start_date from buyer_counts
    union
    select rfm_segment, month_start_date from session_counts
    union
    select rfm_segment, month_start_date from rating_means

)

select
    segment_months.rfm_segment,
    cast(segment_months.month_start_date as date) as month_start_date,
    coalesce(buyer_counts.buyer_count, 0) as buyer_count,
    cast(coalesce(buyer_counts.order_count, 0) as bigint) as order_count,
    cast(
        coalesce(buyer_counts.order_revenue, 0)
        - coalesce(refund_sums.refund_amount, 0) as decimal(38, 4)
    ) as net_revenue,
    coalesce(session_counts.session_count, 0) as session_count,
    buyer_counts.order_count / nullif(session_counts.session_count, 0)
        as orders_per_session,
    buyer_counts.repeat_buyer_count / buyer_counts.buyer_count
        as repeat_buyer_share,
    buyer_counts.retained_buyer_count
    / nullif(previous_buyers.buyer_count, 0) as retention_rate,
    coalesce(rating_means.review_count, 0) as review_count,
    rating_means.mean_rating
from segment_months
{%- for group in [
    'buyer_counts', 'refund_sums', 'session_counts', 'rating_means'
] %}
left join {{ group }}
    on
        segment_months.rfm_segment = {{ group }}.rfm_segment
        and segment_months.month_start_date = {{ group }}.month_start_date
{%- endfor %}
left join buyer_counts as previous_buyers
    on
        segment_months.rfm_segment = previous_buyers.rfm_segment
        and segment_months.month_start_date
        = previous_buyers.month_start_date + interval 1 month
