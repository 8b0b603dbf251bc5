-- cells with too few customers are merged per segment that they came from; what is too little even
-- so goes to one rest, which takes the smallest other cell along if it must
{%- set step = ['segment_type', 'from_date', 'to_date', 'is_latest'] | join(', ') %}

with

migrations as (

    select * from {{ ref('int_customers__migrations') }}

),

cells as (

    select
        {{ step }},
        from_segment,
        to_segment,
        count(*) as customer_count,
        coalesce(sum(revenue_before), 0) as revenue_before,
        coalesce(sum(revenue_after), 0) as revenue_after,
        sum(coalesce(revenue_before, revenue_after)) as revenue_at_stake
    from migrations
    group by {{ step }}, from_segment, to_segment

),

renamed as (

    select
        * exclude (from_segment, to_segment),
        case
            when
                customer_count < {{ var('k_anonymity') }}
                and sum(customer_count) filter (where customer_count < {{ var('k_anonymity') }})
                    over origin
                < {{ var('k_anonymity') }}
                then 'Other'
            else from_segment
        end as from_segment,
        case when customer_count < {{ var('k_anonymity') }} then 'Other' else to_segment end
            as to_segment
    from cells
    window origin as (partition by segment_type, to_date, from_segment)

),

merged as (

    select
        {{ step }},
        from_segment,
        to_segment,
        {%- for measure in [
            'customer_count', 'revenue_before', 'revenue_after', 'revenue_at_stake'
        ] %}
        sum({{ measure }}) as {{ measure }},
        {%- endfor %}
        {{ is_too_few('sum(customer_count)', 'segment_type, to_date', 'from_segment, to_segment') }}
            as is_rest
    from renamed
    group by {{ step }}, from_segment, to_segment

),

published as (

    select
        {{ step }},
        case when is_rest then 'Other' else from_segment end as from_segment,
        case when is_rest then 'Other' else to_segment end as to_segment,
        sum(customer_count) as customer_count,
        sum(revenue_before) as revenue_before,
        sum(revenue_after) as revenue_after,
        sum(revenue_after) - sum(revenue_before) as revenue_change,
        sum(revenue_at_stake) as revenue_at_stake
    from merged
    group by all

),

shares as (

    select
        *,
        customer_count / sum(customer_count) over (partition by segment_type, to_date)
            as customer_share,
        customer_count / sum(customer_count) over (partition by segment_type, to_date, from_segment)
            as from_segment_share
    from published

)

select
    {{ step }},
    from_segment,
    to_segment,
    {%- for column_name, data_type in [
        ('customer_count', 'bigint'),
        ('customer_share', 'double'),
        ('from_segment_share', 'double'),
        ('revenue_before', 'decimal(38, 4)'),
        ('revenue_after', 'decimal(38, 4)'),
        ('revenue_change', 'decimal(38, 4)'),
        ('revenue_at_stake', 'decimal(38, 4)'),
    ] %}
    cast(
        case when customer_count >= {{ var('k_anonymity') }} then {{ column_name }} end
        as {{ data_type }}
    ) as {{ column_name }},
    {%- endfor %}
    customer_count < {{ var('k_anonymity') }} as is_suppressed
from shares
