-- to the cent and beyond: the cohorts' revenue is that of their customers' orders less refunds
with

scoring_snapshot as (

    select snapshot_date
    from {{ ref('snapshots') }}
    where snapshot_role = 'scoring'

),

orders as (

    select orders.*
    from {{ ref('int_orders__completed') }} as orders
    inner join scoring_snapshot on {{ is_known_at('orders', 'scoring_snapshot.snapshot_date') }}

),

cohorts as (

    select
        customer_key,
        date_trunc('month', min(ordered_date)) as cohort_month_start_date
    from orders
    group by customer_key

),

movements as (

    select
        customer_key,
        order_revenue as net_revenue
    from orders

    union all

    select
        refunds.customer_key,
        -refunds.refund_amount as net_revenue
    from {{ ref('int_refunds__by_order') }} as refunds
    inner join scoring_snapshot on {{ is_known_at('refunds', 'scoring_snapshot.snapshot_date') }}

),

expected as (

    select
        cohorts.cohort_month_start_date,
        sum(movements.net_revenue) as net_revenue
    from cohorts
    inner join movements on cohorts.customer_key = movements.customer_key
    group by cohorts.cohort_month_start_date

),

shown as (

    select
        cohort_month_start_date,
        sum(net_revenue) as net_revenue,
        max(cumulative_net_revenue) filter (where is_last_month) as cumulative_net_revenue,
        bool_or(is_suppressed) as is_suppressed
    from (
        select
            *,
            months_since_first_order
            = max(months_since_first_order) over (partition by cohort_month_start_date)
                as is_last_month
        from {{ ref('retention_cohorts') }}
    )
    group by cohort_month_start_date

)

select
    expected.cohort_month_start_date,
    expected.net_revenue,
    shown.net_revenue as shown_net_revenue,
    shown.cumulative_net_revenue
from expected
full outer join shown on expected.cohort_month_start_date = shown.cohort_month_start_date
where
    not coalesce(
        shown.is_suppressed
        or (
            expected.net_revenue = shown.net_revenue
            and expected.net_revenue = shown.cumulative_net_revenue
        ),
        false
    )
