-- gaps between distinct days with an order; sums of integers, so that no order of rows matters
with

order_dates as (

    select
        customer_key,
        snapshot_date,
        order_dates,
        len(order_dates) - 1 as gap_count,
        list_transform(
            range(1, len(order_dates)),
            lambda position: order_dates[position + 1] - order_dates[position]
        ) as gaps_days
    from {{ ref('int_customer_snapshots__orders') }}

),

gap_sums as (

    select
        customer_key,
        snapshot_date,
        gap_count,
        cast(list_sum(gaps_days) as double) as gap_sum_days,
        cast(
            list_sum(list_transform(gaps_days, lambda gap: gap * gap)) as double
        ) as gap_square_sum,
        cast(gaps_days[-1] as integer) as last_purchase_gap_days,
        cast(list_max(gaps_days) as integer) as maximum_purchase_gap_days
    from order_dates
    where gap_count > 0

)

select
    customer_key,
    snapshot_date,
    gap_sum_days / gap_count as purchase_gap_mean_days,
    case
        when gap_count > 1
            then sqrt(
                greatest(
                    (gap_square_sum - gap_sum_days * gap_sum_days / gap_count)
                    / (gap_count - 1),
                    0
                )
            )
    end as purchase_gap_sd_days,
    last_purchase_gap_days,
    maximum_purchase_gap_days
from gap_sums
