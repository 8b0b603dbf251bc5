-- everybody known at as_of_date, buyers or not, with the segment that rules alone can give
with

scoring_snapshot as (

    select snapshot_date
    from {{ ref('int_snapshots__spine') }}
    where snapshot_role = 'scoring'

),

customers as (

    select * from {{ ref('stg_shop__customers') }}

),

orders as (

    select * from {{ ref('int_orders__completed') }}

),

registered as (

    select customers.customer_key
    from customers
    inner join scoring_snapshot
        on {{ is_known_at('customers', 'scoring_snapshot.snapshot_date') }}

),

buyers as (

    select
        orders.customer_key,
        min(orders.ordered_date) as first_order_date,
        max(orders.ordered_date) as last_order_date
    from orders
    inner join scoring_snapshot
        on {{ is_known_at('orders', 'scoring_snapshot.snapshot_date') }}
    group by orders.customer_key

),

everybody as (

    select customer_key from registered
    union
    select customer_key from buyers

),

segments as (

    select rfm_segments.*
    from {{ ref('rfm_segments') }} as rfm_segments
    inner join scoring_snapshot
        on rfm_segments.snapshot_date = scoring_snapshot.snapshot_date

)

select
    everybody.customer_key,
    scoring_snapshot.snapshot_date,
    buyers.first_order_date,
    buyers.last_order_date,
    case
        when segments.rfm_segment is not null then segments.rfm_segment
        when buyers.customer_key is not null then 'Inactive'
        else 'Prospects'
    end as rfm_segment,
    segments.rfm_cell
from everybody
cross join scoring_snapshot
left join buyers on everybody.customer_key = buyers.customer_key
left join segments on everybody.customer_key = segments.customer_key
