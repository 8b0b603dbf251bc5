-- monthly figures of today's segments, so that revenue adds up to the shop's total
with

activity as (

    select * from {{ ref('int_customer_months__activity') }}

),

memberships as (

    select * from {{ ref('segment_memberships') }}
    where segment_type = 'rfm_segment'

),

scoring_snapshot as (

    select snapshot_date
    from {{ ref('snapshots') }}
    where snapshot_role = 'scoring'

),

segment_months as (

    select
        memberships.segment_name as rfm_segment,
        activity.month_start_date,
        count(*) filter (where activity.is_buyer) as buyer_count,
        count(*) filter (where activity.is_repeat_buyer) as repeat_buyer_count,
        count(*) filter (where activity.is_retained_buyer) as retained_buyer_count,
        sum(activity.order_count) as order_count,
        sum(activity.net_revenue) as net_revenue,
        sum(activity.session_count) as session_count,
        sum(activity.checkout_session_count) as checkout_session_count,
        sum(activity.review_count) as review_count,
        sum(activity.rating_sum) as rating_sum
    from activity
    inner join memberships on activity.customer_key = memberships.customer_key
    group by memberships.segment_name, activity.month_start_date

)

select
    segment_months.rfm_segment,
    segment_months.month_start_date,
    segment_months.month_start_date + interval 1 month <= scoring_snapshot.snapshot_date
        as is_complete_month,
    segment_months.buyer_count,
    cast(segment_months.order_count as bigint) as order_count,
    cast(segment_months.net_revenue as decimal(38, 4)) as net_revenue,
    cast(segment_months.net_revenue as double) / nullif(segment_months.order_count, 0)
        as net_revenue_per_order,
    cast(segment_months.session_count as bigint) as session_count,
    segment_months.order_count / nullif(segment_months.session_count, 0) as orders_per_session,
    segment_months.checkout_session_count / nullif(segment_months.session_count, 0)
        as checkout_session_share,
    segment_months.repeat_buyer_count / nullif(segment_months.buyer_count, 0)
        as repeat_buyer_share,
    segment_months.retained_buyer_count / nullif(previous_months.buyer_count, 0)
        as retention_rate,
    cast(segment_months.review_count as bigint) as review_count,
    cast(segment_months.rating_sum as double) / nullif(segment_months.review_count, 0)
        as mean_rating
from segment_months
cross join scoring_snapshot
left join segment_months as previous_months
    on
        segment_months.rfm_segment = previous_months.rfm_segment
        and segment_months.month_start_date = previous_months.month_start_date + interval 1 month
