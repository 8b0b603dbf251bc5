{# The numeric columns of customer_features whose transformation parameters are stored, or only
   those that may be unknown. The one list of them: seeds/reference/feature_binning.csv has a row
   for each (but the two that feature_bins has), customer_model_inputs two or three columns. #}
{% macro numeric_model_features(sometimes_missing_only=false) -%}
    {%- set always_known = [
        'recency_days', 'tenure_days', 'order_count', 'net_revenue',
        'average_order_revenue', 'median_order_revenue', 'maximum_order_revenue',
        'last_order_revenue', 'active_month_count', 'recency_score', 'frequency_score',
        'monetary_score', 'weekend_order_share', 'order_count_7d', 'net_revenue_7d',
        'unit_count_7d', 'order_count_30d', 'net_revenue_30d', 'unit_count_30d',
        'order_count_60d', 'net_revenue_60d', 'unit_count_60d', 'order_count_90d',
        'net_revenue_90d', 'unit_count_90d', 'order_count_180d', 'net_revenue_180d',
        'unit_count_180d', 'order_count_365d', 'net_revenue_365d', 'unit_count_365d',
        'order_revenue_change_60d', 'order_revenue_change_180d', 'average_order_units',
        'maximum_order_units', 'average_order_lines', 'product_count', 'category_count',
        'discounted_order_share', 'return_count', 'returned_order_share', 'channel_count',
        'event_count_7d', 'session_count_7d', 'product_view_count_7d', 'click_count_7d',
        'search_count_7d', 'cart_count_7d', 'checkout_count_7d', 'event_count_30d',
        'session_count_30d', 'product_view_count_30d', 'click_count_30d',
        'search_count_30d', 'cart_count_30d', 'checkout_count_30d', 'event_count_90d',
        'session_count_90d', 'product_view_count_90d', 'click_count_90d',
        'search_count_90d', 'cart_count_90d', 'checkout_count_90d', 'event_count_365d',
        'session_count_365d', 'product_view_count_365d', 'click_count_365d',
        'search_count_365d', 'cart_count_365d', 'checkout_count_365d', 'review_count',
        'review_count_90d', 'review_count_365d', 'contact_count_30d', 'contact_count_90d',
        'contact_count_365d', 'net_revenue_per_active_month', 'orders_per_tenure_month'
    ] -%}
    {%- set sometimes_missing = [
        'order_revenue_variation', 'purchase_gap_mean_days', 'purchase_gap_sd_days',
        'last_purchase_gap_days', 'maximum_purchase_gap_days', 'purchase_gap_variation',
        'purchase_clumpiness', 'overdue_ratio', 'days_until_expected_order',
        'discount_share_7d', 'refund_share_7d', 'discount_share_30d', 'refund_share_30d',
        'discount_share_60d', 'refund_share_60d', 'discount_share_90d',
        'refund_share_90d', 'discount_share_180d', 'refund_share_180d',
        'discount_share_365d', 'refund_share_365d', 'order_revenue_trend_60d',
        'order_revenue_trend_180d', 'average_unit_revenue', 'repeat_product_share',
        'top_category_share', 'category_concentration', 'category_entropy',
        'discount_share', 'refund_share', 'top_channel_share', 'days_since_last_event',
        'days_since_last_search', 'days_since_last_cart', 'days_since_last_checkout',
        'cart_abandonment_share_90d', 'product_views_per_session_90d',
        'carts_per_product_view_90d', 'rating_mean', 'rating_mean_365d', 'minimum_rating',
        'last_rating', 'last_rating_change', 'negative_review_share',
        'review_text_mean_characters', 'days_since_last_review',
        'days_since_last_contact', 'age_years', 'annual_income', 'orders_per_session_30d',
        'orders_per_session_90d', 'orders_per_session_365d', 'rating_times_frequency'
    ] -%}
    {{ return(sometimes_missing if sometimes_missing_only else always_known + sometimes_missing) }}
{%- endmacro %}
