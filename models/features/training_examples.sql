with

customer_features as (

    select * from {{ ref('customer_features') }}

),

snapshots as (

    select * from {{ ref('snapshots') }}

),

customer_labels as (

    select * from {{ ref('customer_labels') }}

)

select
    customer_features.customer_key,
    customer_features.snapshot_date,
    customer_features.recency_days,
    customer_features.tenure_days,
    customer_features.order_count,
    customer_features.net_revenue,
    customer_features.average_order_revenue,
    customer_features.maximum_order_revenue,
    customer_features.last_order_revenue,
    customer_features.active_month_count,
    customer_features.recency_score,
    customer_features.frequency_score,
    customer_features.monetary_score,
    customer_features.rfm_segment,
    customer_features.purchase_gap_mean_days,
    customer_features.purchase_gap_sd_days,
    customer_features.last_purchase_gap_days,
    customer_features.maximum_purchase_gap_days,
    customer_features.purchase_gap_variation,
    customer_features.overdue_ratio,
    customer_features.order_count_30d,
    customer_features.net_revenue_30d,
    customer_features.unit_count_30d,
    customer_features.order_count_90d,
    customer_features.net_revenue_90d,
    customer_features.unit_count_90d,
    customer_features.order_count_365d,
    customer_features.net_revenue_365d,
    customer_features.unit_count_365d,
    customer_features.average_order_units,
    customer_features.maximum_order_units,
    customer_features.average_order_lines,
    customer_features.product_count,
    customer_features.category_count,
    customer_features.top_category,
    customer_features.top_category_share,
    customer_features.discounted_order_share,
    customer_features.discount_share,
    customer_features.return_count,
    customer_features.refund_share,
    customer_features.last_channel,
    customer_features.is_wholesale,
    customer_features.days_since_last_event,
    customer_features.days_since_last_cart,
    customer_features.event_count_30d,
    customer_features.session_count_30d,
    customer_features.cart_count_30d,
    customer_features.search_count_30d,
    customer_features.event_count_90d,
    customer_features.session_count_90d,
    customer_features.cart_count_90d,
    customer_features.search_count_90d,
    customer_features.event_count_365d,
    customer_features.session_count_365d,
    customer_features.cart_count_365d,
    customer_features.search_count_365d,
    customer_features.review_count,
    customer_features.review_count_365d,
    customer_features.rating_mean,
    customer_features.last_rating,
    customer_features.negative_review_share,
    customer_features.days_since_last_review,
    customer_features.age_years,
    customer_features.age_band,
    customer_features.gender,
    customer_features.annual_income,
    customer_features.income_bin,
    customer_features.country,
    customer_features.net_revenue_per_active_month,
    customer_features.orders_per_tenure_month,
    customer_features.orders_per_session_365d,
    customer_features.rating_times_frequency,
    snapshots.snapshot_role,
    customer_labels.horizon_order_count,
    customer_labels.horizon_net_revenue,
    customer_labels.value_tier
from customer_features
inner join snapshots
    on customer_features.snapshot_date = snapshots.snapshot_date
left join customer_labels
    on
        customer_features.customer_key = customer_labels.customer_key
        and customer_features.snapshot_date = customer_labels.snapshot_date
