{%- set groups = 'orders rhythm refunds basket browsing feedback demographics'.split() -%}

with

{% for group in ['eligible'] + groups -%}
{{ group }} as (

    select * from {{ ref('int_customer_snapshots__' ~ group) }}

),

{% endfor -%}
rfm_segments as (

    select * from {{ ref('rfm_segments') }}

),

bins as (

    select
        max(edges) filter (where feature = 'age_years') as age_edges,
        max(edges) filter (where feature = 'annual_income') as income_edges
    from {{ ref('feature_bins') }}

)

select
    eligible.customer_key,
    eligible.snapshot_date,

    ---------- recency, frequency, monetary value, tenure
    orders.recency_days,
    orders.tenure_days,
    orders.order_count,
    cast(orders.order_revenue - coalesce(refunds.refund_amount, 0) as double) as net_revenue,
    cast(orders.order_revenue as double) / orders.order_count as average_order_revenue,
    cast(orders.maximum_order_revenue as double) as maximum_order_revenue,
    cast(orders.last_order_revenue as double) as last_order_revenue,
    orders.active_month_count,
    rfm_segments.recency_score,
    rfm_segments.frequency_score,
    rfm_segments.monetary_score,
    rfm_segments.rfm_segment,

    ---------- purchase rhythm
    rhythm.purchase_gap_mean_days,
    rhythm.purchase_gap_sd_days,
    rhythm.last_purchase_gap_days,
    rhythm.maximum_purchase_gap_days,
    rhythm.purchase_gap_sd_days / rhythm.purchase_gap_mean_days as purchase_gap_variation,
    orders.recency_days / rhythm.purchase_gap_mean_days as overdue_ratio,

    ---------- windows
    {%- for days in [30, 90, 365] %}
    orders.order_count_{{ days }}d,
    cast(
        orders.order_revenue_{{ days }}d - coalesce(refunds.refund_amount_{{ days }}d, 0) as double
    ) as net_revenue_{{ days }}d,
    cast(orders.unit_count_{{ days }}d as double) as unit_count_{{ days }}d,
    {%- endfor %}

    ---------- basket, discounts, returns
    cast(orders.unit_count as double) / orders.order_count as average_order_units,
    cast(orders.maximum_order_units as double) as maximum_order_units,
    cast(basket.line_count as double) / orders.order_count as average_order_lines,
    basket.product_count,
    coalesce(basket.category_count, 0) as category_count,
    basket.top_category,
    basket.top_category_share,
    cast(orders.discounted_order_count as double) / orders.order_count as discounted_order_share,
    cast(orders.discount_amount as double)
    / nullif(cast(orders.gross_revenue as double), 0) as discount_share,
    coalesce(refunds.return_count, 0) as return_count,
    cast(coalesce(refunds.refund_amount, 0) as double)
    / nullif(cast(orders.order_revenue as double), 0) as refund_share,
    orders.last_channel,
    orders.maximum_order_units > wholesale_limit.maximum_order_units as is_wholesale,

    ---------- browsing
    browsing.days_since_last_event,
    browsing.days_since_last_cart,
    {%- for days in [30, 90, 365] %}
    coalesce(browsing.event_count_{{ days }}d, 0) as event_count_{{ days }}d,
    coalesce(browsing.session_count_{{ days }}d, 0) as session_count_{{ days }}d,
    coalesce(browsing.cart_count_{{ days }}d, 0) as cart_count_{{ days }}d,
    coalesce(browsing.search_count_{{ days }}d, 0) as search_count_{{ days }}d,
    {%- endfor %}

    ---------- feedback
    coalesce(feedback.review_count, 0) as review_count,
    coalesce(feedback.review_count_365d, 0) as review_count_365d,
    feedback.rating_mean,
    feedback.last_rating,
    feedback.negative_review_share,
    feedback.days_since_last_review,

    ---------- demographics and their bins
    demographics.age_years,
    {{ bin_label('demographics.age_years', 'bins.age_edges') }} as age_band,
    demographics.gender,
    demographics.annual_income,
    {{ bin_by_stored_edges('demographics.annual_income', 'bins.income_edges') }} as income_bin,
    demographics.country,

    ---------- combinations
    cast(orders.order_revenue - coalesce(refunds.refund_amount, 0) as double)
    / orders.active_month_count as net_revenue_per_active_month,
    orders.order_count / (orders.tenure_days / 30.4375) as orders_per_tenure_month,
    orders.order_count_365d / nullif(browsing.session_count_365d, 0) as orders_per_session_365d,
    feedback.rating_mean * orders.order_count as rating_times_frequency
from eligible
cross join bins
cross join {{ ref('wholesale_limit') }} as wholesale_limit
{% for group in groups + ['rfm_segments'] -%}
left join {{ group }}
    on
        eligible.customer_key = {{ group }}.customer_key
        and eligible.snapshot_date = {{ group }}.snapshot_date
{% endfor %}
