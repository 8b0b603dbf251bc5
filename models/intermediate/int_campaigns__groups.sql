-- means, and sums of squares about them, of contacted and control customers; sums are taken over
-- decimals: exact, so that no order of rows matters
with

outcomes as (

    select * from {{ ref('int_campaigns__outcomes') }}

),

sums as (

    select
        campaign_id,
        channel,
        is_control,
        min(cast(contacted_at as date)) as first_contact_date,
        max(cast(contacted_at as date)) as last_contact_date,
        bool_and(is_window_complete) as is_window_complete,
        count(*) as customer_count,
        count(*) filter (where has_ordered) as conversion_count,
        cast(sum(net_revenue) as double) as revenue,
        cast(sum(history_revenue) as double) as history,
        cast(sum(net_revenue * net_revenue) as double) as revenue_squares,
        cast(sum(history_revenue * history_revenue) as double) as history_squares,
        cast(sum(net_revenue * history_revenue) as double) as products
    from outcomes
    group by campaign_id, channel, is_control

)

select
    campaign_id,
    channel,
    is_control,
    first_contact_date,
    last_contact_date,
    is_window_complete,
    customer_count,
    conversion_count,
    conversion_count / customer_count as conversion_rate,
    revenue / customer_count as revenue_mean,
    history / customer_count as history_mean,
    -- rounding may leave a little less than nothing
    greatest(revenue_squares - revenue * revenue / customer_count, 0) as revenue_spread,
    greatest(history_squares - history * history / customer_count, 0) as history_spread,
    products - revenue * history / customer_count as common_spread
from sums
