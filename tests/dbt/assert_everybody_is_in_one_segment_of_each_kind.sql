with

customers as (

    select count(*) as customer_count from {{ ref('customer_segments') }}

),

kinds as (

    select
        segment_type,
        count(*) as membership_count,
        count(distinct customer_key) as member_count
    from {{ ref('segment_memberships') }}
    group by segment_type

)

select
    kinds.segment_type,
    kinds.membership_count,
    kinds.member_count,
    customers.customer_count
from customers
cross join kinds
where
    kinds.membership_count != customers.customer_count
    or kinds.member_count != customers.customer_count
