{%- set minimum_customers = var('k_anonymity') -%}

with

customers as (

    select * from {{ ref('customer_segments') }}

),

ages as (

    select
        customer_key,
        snapshot_date,
        age_years,
        annual_income
    from {{ ref('customer_features') }}

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

),

-- a segment too small to publish is merged with the other small ones of its kind
merged as (

    select
        segment_type,
        customer_key,
        case
            when
                count(*) over (partition by segment_type, segment_name)
                < {{ minimum_customers }}
                then 'Other'
            else segment_name
        end as segment_name
    from memberships

),

totals as (

    select sum(cast(net_revenue as decimal(38, 4))) as net_revenue
    from customers

),

measured as (

    select
        merged.segment_type,
        merged.segment_name,
        count(*) as customer_count,
        count(*) / nullif(max(population.customer_count), 0) as customer_share,
        sum(cast(customers.net_revenue as decimal(38, 4))) as net_revenue,
        avg(customers.recency_days) as mean_recency_days,
        avg(customers.order_count) as mean_order_count,
        sum(cast(customers.net_revenue as decimal(38, 4)))
        / nullif(sum(customers.order_count), 0) as net_revenue_per_order,
        median(customers.purchase_gap_mean_days) as median_purchase_gap_days,
        median(ages.age_years) as median_age_years,
        median(ages.annual_income) as median_annual_income,
        avg(customers.rating_mean) as mean_rating,
        mode(customers.top_category order by customers.top_category)
            as most_common_category,
        mode(customers.last_channel order by customers.last_channel)
            as most_common_channel,
        avg(cast(customers.has_marketing_consent as integer)) as consent_share,
        avg(customers.purchase_probability) as mean_purchase_probability,
        sum(cast(customers.expected_net_revenue as decimal(38, 4)))
            as expected_net_revenue
    from merged
    inner join customers on merged.customer_key = customers.customer_key
    left join ages
        on
            customers.customer_key = ages.customer_key
            and customers.as_of_date = ages.snapshot_date
    cross join (select count(*) as customer_count from customers) as population
    group by merged.segment_type, merged.segment_name

)

-- what is left below the limit after merging is shown without any measure
select
    measured.segment_type,
    measured.segment_name,
    measured.customer_count < {{ minimum_customers }} as is_suppressed,
    {%- for column_name, data_type in [
        ('customer_count', 'bigint'),
        ('customer_share', 'double'),
        ('net_revenue', 'double'),
        ('mean_recency_days', 'double'),
        ('mean_order_count', 'double'),
        ('net_revenue_per_order', 'double'),
        ('median_purchase_gap_days', 'double'),
        ('median_age_years', 'double'),
        ('median_annual_income', 'double'),
        ('mean_rating', 'double'),
        ('most_common_category', 'varchar'),
        ('most_common_channel', 'varchar'),
        ('consent_share', 'double'),
        ('mean_purchase_probability', 'double'),
        ('expected_net_revenue', 'double'),
    ] %}
    cast(
        case
            when measured.customer_count >= {{ minimum_customers }}
                then measured.{{ column_name }}
        end as {{ data_type }}
    ) as {{ column_name }},
    {%- endfor %}
    cast(
        case
            when measured.customer_count >= {{ minimum_customers }}
                then measured.net_revenue / nullif(totals.net_revenue, 0)
        end as double
    ) as net_revenue_share
from measured
cross join totals
