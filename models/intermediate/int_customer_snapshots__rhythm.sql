-- the order measures with what follows from when a customer ordered and from how much each order
-- was; all is taken over sorted lists, so that no order of rows matters
with

orders as (

    select
        *,
        cast(len(order_dates) - 1 as integer) as gap_count,
        list_transform(
            range(1, len(order_dates)),
            lambda position: cast(
                order_dates[position + 1] - order_dates[position] as double
            )
        ) as gaps_days,
        list_avg(order_revenues) as order_revenue_mean
    from {{ ref('int_customer_snapshots__orders') }}

),

gaps as (

    select
        *,
        list_avg(gaps_days) as purchase_gap_mean_days,
        list_stddev_samp(gaps_days) as purchase_gap_sd_days,
        list_transform(
            list_append(gaps_days, recency_days), lambda gap: gap / tenure_days
        ) as gap_shares
    from orders

)

select
    * exclude (order_dates, order_revenues, gaps_days, gap_shares, order_revenue_mean),
    ---------- spend distribution
    list_median(order_revenues) as median_order_revenue,
    list_stddev_samp(order_revenues) / nullif(order_revenue_mean, 0) as order_revenue_variation,

    ---------- rhythm
    cast(
        list_unique(list_transform(order_dates, lambda day: date_trunc('month', day))) as integer
    ) as active_month_count,
    cast(gaps_days[-1] as integer) as last_purchase_gap_days,
    cast(list_max(gaps_days) as integer) as maximum_purchase_gap_days,
    purchase_gap_sd_days / purchase_gap_mean_days as purchase_gap_variation,
    recency_days / purchase_gap_mean_days as overdue_ratio,
    purchase_gap_mean_days - recency_days as days_until_expected_order,
    -- Zhang, Bradlow and Small (2015): one less the normalised entropy of the gaps up to T0
    case
        when gap_count > 0
            then greatest(
                1 + list_sum(list_transform(gap_shares, lambda share: share * ln(share)))
                / ln(gap_count + 1),
                0
            )
    end as purchase_clumpiness
from gaps
