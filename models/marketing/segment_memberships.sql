with

customers as (

    select * from {{ ref('customer_segments') }}

),

memberships as (

    select
        'all' as segment_type,
        'All customers' as segment_name,
        customer_key
    from customers

    union all

    select
        'rfm_segment' as segment_type,
        rfm_segment as segment_name,
        customer_key
    from customers

    union all

    select
        'value_tier' as segment_type,
        value_tier as segment_name,
        customer_key
    from customers

    union all

    select
        'persona' as segment_type,
        cluster_name as segment_name,
        customer_key
    from customers
    where cluster_name is not null

),

sizes as (

    select
        segment_type,
        segment_name,
        count(*) as customer_count
    from memberships
    group by segment_type, segment_name

),

smaller as (

    select
        segment_type,
        segment_name,
        customer_count,
        coalesce(
            sum(customer_count) over (
                partition by segment_type
                order by customer_count, segment_name
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as smaller_segments_customer_count
    from sizes

)

-- segments too small to publish are merged; as long as they are too small even together, the next
-- larger one joins them, since a difference to the total would give them away otherwise
select
    memberships.segment_type,
    case
        when memberships.segment_type = 'all' then memberships.segment_name
        when
            smaller.customer_count < {{ var('k_anonymity') }}
            or smaller.smaller_segments_customer_count between 1 and {{ var('k_anonymity') }} - 1
            then 'Other'
        else memberships.segment_name
    end as segment_name,
    memberships.customer_key
from memberships
inner join smaller
    on
        memberships.segment_type = smaller.segment_type
        and memberships.segment_name = smaller.segment_name
