{#- numbers as computed over a segment's customers; columns whose most frequent value counts -#}
{%- set numbers = {
    'customer_share': none,
    'net_revenue': 'sum(cast(customers.net_revenue as decimal(38, 4)))',
    'net_revenue_share': none,
    'mean_recency_days': 'avg(customers.recency_days)',
    'mean_order_count': 'avg(customers.order_count)',
    'net_revenue_per_order': 'sum(cast(customers.net_revenue as decimal(38, 4)))
        / nullif(sum(customers.order_count), 0)',
    'median_purchase_gap_days': 'median(customers.purchase_gap_mean_days)',
    'median_tenure_days': 'median(customers.tenure_days)',
    'repeat_customer_share': 'avg(cast(customers.order_count >= 2 as integer))',
    'overdue_share': 'avg(cast(customers.overdue_ratio > 1 as integer))',
    'median_age_years': 'median(features.age_years)',
    'median_annual_income': 'median(features.annual_income)',
    'top_category_share': 'list_max(map_values(histogram(customers.top_category)))
        / nullif(count(customers.top_category), 0)',
    'top_channel_share': 'list_max(map_values(histogram(customers.last_channel)))
        / nullif(count(customers.last_channel), 0)',
    'discounted_order_share': 'avg(cast(features.discounted_order_share as decimal(18, 9)))',
    'mean_rating': 'avg(cast(customers.rating_mean as decimal(18, 9)))',
    'reviewer_share': 'avg(cast(coalesce(features.review_count > 0, false) as integer))',
    'consent_share': 'avg(cast(customers.has_marketing_consent as integer))',
    'mean_purchase_probability': 'avg(cast(customers.purchase_probability as decimal(18, 15)))',
    'expected_net_revenue': 'sum(cast(customers.expected_net_revenue as decimal(38, 4)))',
} %}
{%- set modes = {
    'most_common_gender': 'gender',
    'most_common_country': 'country',
    'most_common_category': 'top_category',
    'most_common_channel': 'last_channel',
} %}
{%- set minimum_customers = var('k_anonymity') %}

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
        {%- for measure, expression in numbers.items() if expression %}
        {{ expression }} as {{ measure }},
        {%- endfor %}
        {%- for measure, column_name in modes.items() %}
        mode(customers.{{ column_name }} order by customers.{{ column_name }}) as {{ measure }},
        {%- endfor %}
        count(*) as customer_count
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
    {%- for measure in numbers %}
    cast(case when customer_count >= {{ minimum_customers }} then {{ measure }} end as double)
        as {{ measure }},
    {%- endfor %}
    {%- for measure in modes %}
    case when customer_count >= {{ minimum_customers }} then {{ measure }} end as {{ measure }},
    {%- endfor %}
    case when customer_count >= {{ minimum_customers }} then customer_count end as customer_count,
    customer_count < {{ minimum_customers }} as is_suppressed
from profiles
