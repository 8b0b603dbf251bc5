-- every date that a feature reveals lies before the snapshot, longer windows hold shorter ones, and
-- no order is counted that the shop did not know by then
with

known_orders as (

    select
        orders.customer_key,
        snapshots.snapshot_date,
        count(*) as order_count,
        max(orders.ordered_date) as last_order_date
    from {{ ref('snapshots') }} as snapshots
    inner join {{ ref('stg_shop__orders') }} as orders
        on
            snapshots.snapshot_date > orders.ordered_at
            and snapshots.snapshot_date > orders.known_from
            and coalesce(snapshots.snapshot_date <= orders.known_until, true)
    group by orders.customer_key, snapshots.snapshot_date

)

select
    features.customer_key,
    features.snapshot_date
from {{ ref('customer_features') }} as features
left join known_orders
    on
        features.customer_key = known_orders.customer_key
        and features.snapshot_date = known_orders.snapshot_date
where
    not coalesce(
        features.order_count <= known_orders.order_count
        and features.snapshot_date - features.recency_days <= known_orders.last_order_date
        and features.recency_days between 1 and features.tenure_days
        and coalesce(features.days_since_last_event >= 1, true)
        and coalesce(features.days_since_last_cart >= features.days_since_last_event, true)
        and coalesce(features.days_since_last_review >= 1, true)
        and coalesce(features.last_purchase_gap_days <= features.maximum_purchase_gap_days, true)
        and features.review_count_365d <= features.review_count
        {%- for measure in [
            'order_count', 'unit_count', 'event_count', 'session_count', 'cart_count',
            'search_count'
        ] %}
        and features.{{ measure }}_30d <= features.{{ measure }}_90d
        and features.{{ measure }}_90d <= features.{{ measure }}_365d
        {%- endfor %}
        and features.order_count_365d <= features.order_count,
        false
    )
