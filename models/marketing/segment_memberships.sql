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
        coalesce(cluster_name, 'No persona') as segment_name,
        customer_key
    from customers

),

sizes as (

    select
        segment_type,
        segment_name,
        count(*) as customer_count
    from memberships
    group by segment_type, segment_name

),

judged as (

    select
        segment_type,
        segment_name,
        {{ is_too_few('customer_count', 'segment_type', 'segment_name') }} as is_merged
    from sizes

)

-- segments too small to publish are merged; as long as they are too small even together, the next
-- larger one joins them, since a difference to the total would give them away otherwise
select
    memberships.segment_type,
    case
        when judged.is_merged and memberships.segment_type != 'all' then 'Other'
        else memberships.segment_name
    end as segment_name,
    memberships.customer_key
from memberships
inner join judged
    on
        memberships.segment_type = judged.segment_type
        and memberships.segment_name = judged.segment_name
