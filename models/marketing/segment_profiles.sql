{%- set minimum_customers = var('k_anonymity') -%}

with

customers as (

    select * from {{ ref('customer_segments') }}

),

features as (

    select * from {{ ref('customer_features') }}

),

memberships as (

    select * from {{ ref('segment_memberships') }}

),

measured as (

    select
        memberships.segment_type,
        memberships.segment_name,
        count(*) as customer_count,
        sum(cast(customers.net_revenue as decimal(38, 4))) as net_revenue,
        avg(customers.recency_days) as mean_recency_days,
        avg(customers.order_count) as mean_order_count,
        sum(cast(customers.net_revenue as decimal(38, 4)))
        / nullif(sum(customers.order_count), 0) as net_revenue_per_order,
        median(customers.purchase_gap_mean_days) as median_purchase_gap_days,
        median(features.age_years) as median_age_years,
        median(features.annual_income) as median_annual_income,
        avg(cast(customers.rating_mean as decimal(18, 9))) as mean_rating,
        mode(customers.top_category order by customers.top_category) as most_common_category,
        mode(customers.last_channel order by customers.last_channel) as most_common_channel,
        avg(cast(customers.has_marketing_consent as integer)) as consent_share,
        avg(cast(customers.purchase_probability as decimal(18, 15)))
            as mean_purchase_probability,
        sum(cast(customers.expected_net_revenue as decimal(38, 4))) as expected_net_revenue
    from memberships
    inner join customers on memberships.customer_key = customers.customer_key
    left join features
        on
            customers.customer_key = features.customer_key
            and customers.as_of_date = features.snapshot_date
    group by memberships.segment_type, memberships.segment_name

),

totals as (

    select
        customer_count,
        net_revenue
    from measured
    where segment_type = 'all'

),

profiles as (

    select
        measured.*,
        measured.customer_count / totals.customer_count as customer_share,
        measured.net_revenue / nullif(totals.net_revenue, 0) as net_revenue_share
    from measured
    cross join totals

)

-- sums and means are taken over decimals: exact, so that no order of rows matters; what is left
-- below the limit after merging is shown without any measure
select
    segment_type,
    segment_name,
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
        ('net_revenue_share', 'double'),
    ] %}
    cast(
        case when customer_count >= {{ minimum_customers }} then {{ column_name }} end
        as {{ data_type }}
    ) as {{ column_name }},
    {%- endfor %}
    customer_count < {{ minimum_customers }} as is_suppressed
from profiles
