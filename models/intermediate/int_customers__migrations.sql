-- every customer in two consecutive snapshots, or in one of them: by RFM segment with the revenue
-- of the 365 days before, by predicted tier with the expected revenue
with

memberships as (

    select
        'rfm_segment' as segment_type,
        snapshot_date,
        customer_key,
        rfm_segment as segment_name,
        cast(net_revenue_365d as decimal(38, 4)) as revenue
    from {{ ref('customer_features') }}

    union all

    select
        'value_tier' as segment_type,
        snapshot_date,
        customer_key,
        value_tier as segment_name,
        cast(expected_net_revenue as decimal(38, 4)) as revenue
    from {{ ref('stg_segml__prediction_history') }}
    where is_latest_of_snapshot

),

snapshots as (

    select distinct
        segment_type,
        snapshot_date
    from memberships

),

steps as (

    select
        segment_type,
        snapshot_date as to_date,
        lag(snapshot_date) over (partition by segment_type order by snapshot_date) as from_date,
        snapshot_date = max(snapshot_date) over (partition by segment_type) as is_latest
    from snapshots

),

before as (

    select
        steps.*,
        memberships.customer_key,
        memberships.segment_name,
        memberships.revenue
    from steps
    inner join memberships
        on
            steps.segment_type = memberships.segment_type
            and steps.from_date = memberships.snapshot_date

),

after as (

    select
        steps.*,
        memberships.customer_key,
        memberships.segment_name,
        memberships.revenue
    from steps
    inner join memberships
        on
            steps.segment_type = memberships.segment_type
            and steps.to_date = memberships.snapshot_date
    where steps.from_date is not null

)

select
    coalesce(before.segment_type, after.segment_type) as segment_type,
    coalesce(before.from_date, after.from_date) as from_date,
    coalesce(before.to_date, after.to_date) as to_date,
    coalesce(before.is_latest, after.is_latest) as is_latest,
    coalesce(before.customer_key, after.customer_key) as customer_key,
    coalesce(before.segment_name, 'Entered') as from_segment,
    coalesce(after.segment_name, 'Left') as to_segment,
    before.revenue as revenue_before,
    after.revenue as revenue_after
from before
full outer join after
    on
        before.segment_type = after.segment_type
        and before.to_date = after.to_date
        and before.customer_key = after.customer_key
