{{ config(
    materialized='incremental_by_snapshot',
    on_schema_change='sync_all_columns',
    pre_hook="{{ forget_replaced_snapshots() }}"
) }}

{#- Incremental by snapshot. Everything here follows from facts alone: stored parameters, which are
    fitted anew when as_of_date advances, come in with customer_features. -#}
{%- set groups =
    'spend basket channels browsing sessions feedback contacts demographics'.split() -%}

with

{% for group in groups -%}
{{ group }} as (

    select * from {{ ref('int_customer_snapshots__' ~ group) }}

){{ "," if not loop.last }}

{% endfor -%}

select
    spend.*,
    snapshots.source_fingerprint,

    ---------- basket and channels
    cast(basket.line_count as double) / spend.order_count as average_order_lines,
    basket.product_count,
    basket.repeat_product_share,
    basket.category_count,
    basket.top_category,
    basket.top_category_share,
    basket.category_concentration,
    basket.category_entropy,
    coalesce(channels.channel_count, 0) as channel_count,
    channels.top_channel,
    channels.top_channel_share,

    ---------- browsing
    {%- for measure in ['event', 'search', 'cart', 'checkout'] %}
    browsing.days_since_last_{{ measure }},
    {%- endfor %}
    {%- for days in [7, 30, 90, 365] %}
    {%- for measure in ['event', 'product_view', 'click', 'search', 'cart', 'checkout'] %}
    coalesce(browsing.{{ measure }}_count_{{ days }}d, 0) as {{ measure }}_count_{{ days }}d,
    {%- endfor %}
    coalesce(sessions.session_count_{{ days }}d, 0) as session_count_{{ days }}d,
    {%- endfor %}
    sessions.cart_abandonment_share_90d,
    browsing.product_view_count_90d / nullif(sessions.session_count_90d, 0)
        as product_views_per_session_90d,
    browsing.cart_count_90d / nullif(browsing.product_view_count_90d, 0)
        as carts_per_product_view_90d,

    ---------- feedback
    {%- for suffix in ['', '_90d', '_365d'] %}
    coalesce(feedback.review_count{{ suffix }}, 0) as review_count{{ suffix }},
    {%- endfor %}
    feedback.rating_mean,
    feedback.rating_mean_365d,
    feedback.minimum_rating,
    feedback.last_rating,
    feedback.last_rating_change,
    feedback.negative_review_share,
    feedback.review_text_mean_characters,
    feedback.days_since_last_review,

    ---------- campaigns
    {%- for days in [30, 90, 365] %}
    coalesce(contacts.contact_count_{{ days }}d, 0) as contact_count_{{ days }}d,
    {%- endfor %}
    contacts.days_since_last_contact,

    ---------- demographics
    demographics.age_years,
    demographics.gender,
    demographics.annual_income,
    demographics.country,

    ---------- combinations
    spend.net_revenue / spend.active_month_count as net_revenue_per_active_month,
    spend.order_count / (spend.tenure_days / 30.4375) as orders_per_tenure_month,
    {%- for days in [30, 90, 365] %}
    spend.order_count_{{ days }}d / nullif(sessions.session_count_{{ days }}d, 0)
        as orders_per_session_{{ days }}d,
    {%- endfor %}
    feedback.rating_mean * spend.order_count as rating_times_frequency
from spend
inner join {{ ref('int_snapshots__to_build') }} as snapshots
    on spend.snapshot_date = snapshots.snapshot_date
{% for group in groups if group != 'spend' -%}
left join {{ group }}
    on
        spend.customer_key = {{ group }}.customer_key
        and spend.snapshot_date = {{ group }}.snapshot_date
{% endfor %}
