-- what eligible customers paid and when: orders less the refunds known by then
with

eligible as (

    select * from {{ ref('int_customer_snapshots__eligible') }}

),

orders as (

    select * from {{ ref('int_customer_snapshots__rhythm') }}

),

refunds as (

    select * from {{ ref('int_customer_snapshots__refunds') }}

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
    orders.median_order_revenue,
    cast(orders.maximum_order_revenue as double) as maximum_order_revenue,
    cast(orders.last_order_revenue as double) as last_order_revenue,
    orders.order_revenue_variation,
    orders.active_month_count,

    ---------- purchase rhythm
    orders.purchase_gap_mean_days,
    orders.purchase_gap_sd_days,
    orders.last_purchase_gap_days,
    orders.maximum_purchase_gap_days,
    orders.purchase_gap_variation,
    orders.purchase_clumpiness,
    orders.overdue_ratio,
    orders.days_until_expected_order,
    orders.weekend_order_count / orders.order_count as weekend_order_share,

    ---------- windows
    {%- for days in [7, 30, 60, 90, 180, 365] %}
    {%- set revenue = 'orders.order_revenue_' ~ days ~ 'd' %}
    {%- set discount = 'orders.discount_amount_' ~ days ~ 'd' %}
    {%- set refund = 'coalesce(refunds.refund_amount_' ~ days ~ 'd, 0)' %}
    orders.order_count_{{ days }}d,
    cast({{ revenue }} - {{ refund }} as double) as net_revenue_{{ days }}d,
    cast(orders.unit_count_{{ days }}d as double) as unit_count_{{ days }}d,
    cast({{ discount }} as double) / nullif(cast({{ revenue }} + {{ discount }} as double), 0)
        as discount_share_{{ days }}d,
    cast({{ refund }} as double) / nullif(cast({{ revenue }} as double), 0)
        as refund_share_{{ days }}d,
    {%- endfor %}

    ---------- trends: the newer half of a window against the older half
    {%- for days, half in {60: 30, 180: 90}.items() %}
    {%- set revenue = 'orders.order_revenue_' ~ days ~ 'd' %}
    {%- set change = '2 * orders.order_revenue_' ~ half ~ 'd - ' ~ revenue %}
    cast({{ change }} as double) as order_revenue_change_{{ days }}d,
    cast({{ change }} as double) / nullif(cast({{ revenue }} as double), 0)
        as order_revenue_trend_{{ days }}d,
    {%- endfor %}

    ---------- units, discounts, returns
    cast(orders.unit_count as double) / orders.order_count as average_order_units,
    cast(orders.maximum_order_units as double) as maximum_order_units,
    cast(orders.order_revenue as double) / nullif(cast(orders.unit_count as double), 0)
        as average_unit_revenue,
    orders.discounted_order_count / orders.order_count as discounted_order_share,
    cast(orders.discount_amount as double)
    / nullif(cast(orders.order_revenue + orders.discount_amount as double), 0) as discount_share,
    coalesce(refunds.return_count, 0) as return_count,
    coalesce(refunds.returned_order_count, 0) / orders.order_count as returned_order_share,
    cast(coalesce(refunds.refund_amount, 0) as double)
    / nullif(cast(orders.order_revenue as double), 0) as refund_share,
    orders.last_channel
from eligible
inner join orders
    on
        eligible.customer_key = orders.customer_key
        and eligible.snapshot_date = orders.snapshot_date
left join refunds
    on
        eligible.customer_key = refunds.customer_key
        and eligible.snapshot_date = refunds.snapshot_date
