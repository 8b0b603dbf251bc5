with

eligible as (

    select * from {{ ref('int_customer_snapshots__eligible') }}

),

orders as (

    select * from {{ ref('int_customer_snapshots__orders') }}

),

rhythm as (

    select * from {{ ref('int_customer_snapshots__rhythm') }}

),

refunds as (

    select * from {{ ref('int_customer_snapshots__refunds') }}

),

basket as (

    select * from {{ ref('int_customer_snapshots__basket') }}

),

browsing as (

    select * from {{ ref('int_customer_snapshots__browsing') }}

),

feedback as (

    select * from {{ ref('int_customer_snapshots__feedback') }}

),

demographics as (

    select * from {{ ref('int_customer_snapshots__demographics') }}

),

rfm_segments as (

    select * from {{ ref('rfm_segments') }}

),

bins as (

    select
        max(edges) filter (where feature = 'age_years') as age_edges,
        max(edges) filter (where feature = 'annual_income') as income_edges
    from {{ ref('feature_bins') }}

),

wholesale_limit as (

    select * from {{ ref('wholesale_limit') }}

)

select
    ---------- keys
    eligible.customer_key,
    eligible.snapshot_date,

    ---------- recency, frequency, monetary value, tenure
    cast(orders.recency_days as integer) as recency_days,
    cast(orders.tenure_days as integer) as tenure_days,
    cast(orders.order_count as integer) as order_count,
    cast(
        orders.order_revenue - coalesce(refunds.refund_amount, 0) as double
    ) as net_revenue,
    cast(orders.order_revenue as double) / orders.order_count
        as average_order_revenue,
    cast(orders.maximum_order_revenue as double) as maximum_order_revenue,
    cast(orders.last_order_revenue as double) as last_order_revenue,
    cast(orders.active_month_count as integer) as active_month_count,
    rfm_segments.recency_score,
    rfm_segments.frequency_score,
    rfm_segments.monetary_score,
    rfm_segments.rfm_segment,

    ---------- purchase rhythm
    rhythm.purchase_gap_mean_days,
    rhythm.purchase_gap_sd_days,
    cast(rhythm.last_purchase_gap_days as integer) as last_purchase_gap_days,
    cast(rhythm.maximum_purchase_gap_days as integer)
        as maximum_purchase_gap_days,
    rhythm.purchase_gap_sd_days / nullif(rhythm.purchase_gap_mean_days, 0)
        as purchase_gap_variation,
    orders.recency_days / nullif(rhythm.purchase_gap_mean_days, 0)
        as overdue_ratio,

    ---------- windows
    {%- for days in [30, 90, 365] %}
    cast(orders.order_count_{{ days }}d as integer) as order_count_{{ days }}d,
    cast(
        orders.order_revenue_{{ days }}d
        - coalesce(refunds.refund_amount_{{ days }}d, 0) as double
    ) as net_revenue_{{ days }}d,
    cast(orders.unit_count_{{ days }}d as double) as unit_count_{{ days }}d,
    {%- endfor %}

    ---------- basket, discounts, returns
    cast(orders.unit_count as double) / orders.order_count
        as average_order_units,
    cast(orders.maximum_order_units as double) as maximum_order_units,
    cast(basket.line_count as double) / orders.order_count
        as average_order_lines,
    cast(basket.product_count as integer) as product_count,
    cast(coalesce(basket.category_count, 0) as integer) as category_count,
    basket.top_category,
    basket.top_category_share,
    cast(orders.discounted_order_count as double) / orders.order_count
        as discounted_order_share,
    cast(orders.discount_amount as double)
    / nullif(cast(orders.gross_revenue as double), 0) as discount_share,
    cast(coalesce(refunds.return_count, 0) as integer) as return_count,
    cast(coalesce(refunds.refund_amount, 0) as double)
    / nullif(cast(orders.order_revenue as double), 0) as refund_share,
    orders.last_channel,
    orders.maximum_order_units > wholesale_limit.maximum_order_units
        as is_wholesale,

    ---------- browsing
    cast(browsing.days_since_last_event as integer) as days_since_last_event,
    cast(browsing.days_since_last_cart as integer) as days_since_last_cart,
    {%- for days in [30, 90, 365] %}
    cast(coalesce(browsing.event_count_{{ days }}d, 0) as integer)
        as event_count_{{ days }}d,
    cast(coalesce(browsing.session_count_{{ days }}d, 0) as integer)
        as session_count_{{ days }}d,
    cast(coalesce(browsing.cart_count_{{ days }}d, 0) as integer)
        as cart_count_{{ days }}d,
    cast(coalesce(browsing.search_count_{{ days }}d, 0) as integer)
        as search_count_{{ days }}d,
    {%- endfor %}

    ---------- feedback
    cast(coalesce(feedback.review_count, 0) as integer) as review_count,
    cast(coalesce(feedback.review_count_365d, 0) as integer)
        as review_count_365d,
    feedback.rating_mean,
    feedback.last_rating,
    feedback.negative_review_share,
    cast(feedback.days_since_last_review as integer) as days_since_last_review,

    ---------- demographics and their bins
    cast(demographics.age_years as double) as age_years,
    {{ bin_label(
        bin_by_stored_edges('demographics.age_years', 'bins.age_edges'),
        'bins.age_edges'
    ) }} as age_band,
    demographics.gender,
    demographics.annual_income,
    cast(
        {{ bin_by_stored_edges(
            'demographics.annual_income', 'bins.income_edges'
        ) }} as integer
    ) as income_bin,
    demographics.country,

    ---------- combinations
    cast(
        orders.order_revenue - coalesce(refunds.refund_amount, 0) as double
    ) / orders.active_month_count as net_revenue_per_active_month,
    orders.order_count / (orders.tenure_days / 30.4375)
        as orders_per_tenure_month,
    cast(orders.order_count_365d as double)
    / nullif(browsing.session_count_365d, 0) as orders_per_session_365d,
    feedback.rating_mean * orders.order_count as rating_times_frequency
from eligible
inner join orders
    on
        eligible.customer_key = orders.customer_key
        and eligible.snapshot_date = orders.snapshot_date
inner join rfm_segments
    on
        eligible.customer_key = rfm_segments.customer_key
        and eligible.snapshot_date = rfm_segments.snapshot_date
{%- for group in [
    'rhythm', 'refunds', 'basket', 'browsing', 'feedback', 'demographics'
] %}
left join {{ group }}
    on
        eligible.customer_key = {{ group }}.customer_key
        and eligible.snapshot_date = {{ group }}.snapshot_date
{%- endfor %}
cross join bins
cross join wholesale_limit
