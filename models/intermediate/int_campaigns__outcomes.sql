{{ config(materialized='table') }}

-- what each customer of a campaign did after the contact, or after the moment at which the hold-out
-- group was not contacted, as known at as_of_date; refunds count against their order
with

scoring_snapshot as (

    select snapshot_date
    from {{ ref('int_snapshots__spine') }}
    where snapshot_role = 'scoring'

),

contacts as (

    select contacts.*
    from {{ ref('stg_shop__campaign_contacts') }} as contacts
    inner join scoring_snapshot on {{ is_known_at('contacts', 'scoring_snapshot.snapshot_date') }}

),

refunds as (

    select
        refunds.order_id,
        sum(refunds.refund_amount) as refund_amount
    from {{ ref('int_refunds__by_order') }} as refunds
    inner join scoring_snapshot on {{ is_known_at('refunds', 'scoring_snapshot.snapshot_date') }}
    group by refunds.order_id

),

orders as (

    select
        orders.customer_key,
        orders.ordered_at,
        orders.order_revenue,
        orders.order_revenue - coalesce(refunds.refund_amount, 0) as net_revenue
    from {{ ref('int_orders__completed') }} as orders
    inner join scoring_snapshot on {{ is_known_at('orders', 'scoring_snapshot.snapshot_date') }}
    left join refunds on orders.order_id = refunds.order_id

),

-- whoever was contacted at all is no control any more
participants as (
    {% for channel in ["'all'", "coalesce(channel, 'unknown')"] %}
    select
        campaign_id,
        {{ channel }} as channel,
        customer_key,
        min(contacted_at) as contacted_at,
        bool_and(is_control) as is_control
    from contacts
    group by all
    {{ "union all" if not loop.last }}
    {% endfor %}
),

windows as (

    select
        *,
        contacted_at - interval {{ var('campaign_history_days') }} days as history_start_at,
        contacted_at + interval {{ var('campaign_window_days') }} days as window_end_at
    from participants

)

select
    windows.campaign_id,
    windows.channel,
    windows.customer_key,
    windows.is_control,
    windows.contacted_at,
    windows.window_end_at <= scoring_snapshot.snapshot_date as is_window_complete,
    count(orders.ordered_at) filter (where orders.ordered_at >= windows.contacted_at) > 0
        as has_ordered,
    cast(
        coalesce(sum(orders.net_revenue) filter (
            where orders.ordered_at >= windows.contacted_at
        ), 0) as decimal(38, 4)
    ) as net_revenue,
    cast(
        coalesce(sum(orders.order_revenue) filter (
            where orders.ordered_at < windows.contacted_at
        ), 0) as decimal(38, 4)
    ) as history_revenue
from windows
cross join scoring_snapshot
left join orders
    on
        windows.customer_key = orders.customer_key
        and windows.history_start_at <= orders.ordered_at
        and windows.window_end_at > orders.ordered_at
group by
    windows.campaign_id, windows.channel, windows.customer_key, windows.is_control,
    windows.contacted_at, windows.window_end_at, scoring_snapshot.snapshot_date
