{#- The contract in _features__models.yml lists the columns. -#}
with

customer_features as (

    select * from {{ ref('customer_features') }}

),

snapshots as (

    select * from {{ ref('snapshots') }}

),

customer_labels as (

    select * from {{ ref('customer_labels') }}

)

select
    customer_features.*,
    snapshots.snapshot_role,
    customer_labels.horizon_order_count,
    customer_labels.horizon_net_revenue,
    customer_labels.value_tier
from customer_features
inner join snapshots
    on customer_features.snapshot_date = snapshots.snapshot_date
left join customer_labels
    on
        customer_features.customer_key = customer_labels.customer_key
        and customer_features.snapshot_date = customer_labels.snapshot_date
