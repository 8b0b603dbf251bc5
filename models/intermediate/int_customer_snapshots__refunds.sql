-- only refunds already known at the snapshot, counted at the date of their order
with

refunds as (

    select * from {{ ref('int_refunds__by_order') }}

),

snapshots as (

    select * from {{ ref('int_snapshots__to_build') }}

)

select
    refunds.customer_key,
    snapshots.snapshot_date,
    {%- for days in [7, 30, 60, 90, 180, 365] %}
    coalesce(
        sum(refunds.refund_amount) filter (
            where snapshots.snapshot_date - refunds.ordered_date <= {{ days }}
        ),
        0
    ) as refund_amount_{{ days }}d,
    {%- endfor %}
    sum(refunds.refund_amount) as refund_amount,
    cast(count(*) as integer) as return_count,
    count(distinct refunds.order_id) as returned_order_count
from snapshots
inner join refunds
    on
        snapshots.snapshot_date > refunds.ordered_date
        and {{ is_known_at('refunds', 'snapshots.snapshot_date') }}
group by refunds.customer_key, snapshots.snapshot_date
