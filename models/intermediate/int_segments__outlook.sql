-- what the customers of each RFM segment did in the newest window whose outcome is known: what to
-- expect of a customer without a prediction
with

newest_outcome as (

    select snapshot_date
    from {{ ref('snapshots') }}
    where snapshot_role = 'test'

),

labels as (

    select * from {{ ref('customer_labels') }}

),

segments as (

    select * from {{ ref('rfm_segments') }}

)

select
    segments.rfm_segment,
    count(*) as customer_count,
    count(*) filter (where labels.has_purchased) / count(*) as purchase_probability,
    cast(sum(cast(labels.horizon_net_revenue as decimal(38, 4))) as double) / count(*)
        as expected_net_revenue
from newest_outcome
inner join labels on newest_outcome.snapshot_date = labels.snapshot_date
inner join segments
    on
        labels.customer_key = segments.customer_key
        and labels.snapshot_date = segments.snapshot_date
group by segments.rfm_segment
