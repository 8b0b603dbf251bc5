-- to whom something is recommended: everybody as of as_of_date, and whoever was eligible at the
-- snapshot that recommendations are judged at
with

current_customers as (

    select * from {{ ref('int_customers__current') }}

),

test_snapshot as (

    select snapshot_date
    from {{ ref('int_snapshots__spine') }}
    where snapshot_role = 'test'

),

segments as (

    select * from {{ ref('rfm_segments') }}

)

select
    snapshot_date,
    customer_key,
    rfm_segment
from current_customers

union all

select
    segments.snapshot_date,
    segments.customer_key,
    segments.rfm_segment
from segments
inner join test_snapshot on segments.snapshot_date = test_snapshot.snapshot_date
