-- of each step between snapshots: as many customers as either of them has, and the revenue of the later
with

steps as (

    select
        snapshot_date,
        lag(snapshot_date) over (order by snapshot_date) as previous_date
    from (select distinct snapshot_date from {{ ref('rfm_segments') }})

),

expected as (

    select
        steps.snapshot_date,
        count(distinct segments.customer_key) as customer_count,
        sum(cast(features.net_revenue_365d as decimal(38, 4))) as net_revenue
    from steps
    inner join {{ ref('rfm_segments') }} as segments
        on segments.snapshot_date in (steps.snapshot_date, steps.previous_date)
    left join {{ ref('customer_features') }} as features
        on
            segments.customer_key = features.customer_key
            and segments.snapshot_date = features.snapshot_date
            and steps.snapshot_date = features.snapshot_date
    where steps.previous_date is not null
    group by steps.snapshot_date

),

shown as (

    select
        to_date,
        sum(customer_count) as customer_count,
        sum(revenue_after) as net_revenue,
        bool_or(is_suppressed) as is_suppressed
    from {{ ref('segment_migration') }}
    where segment_type = 'rfm_segment'
    group by to_date

)

select
    expected.snapshot_date,
    expected.customer_count,
    expected.net_revenue,
    shown.customer_count as shown_customer_count,
    shown.net_revenue as shown_net_revenue
from expected
full outer join shown on expected.snapshot_date = shown.to_date
where
    not coalesce(
        shown.is_suppressed
        or (
            expected.customer_count = shown.customer_count
            and expected.net_revenue = shown.net_revenue
        ),
        false
    )
