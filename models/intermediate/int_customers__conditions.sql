-- what a playbook may ask for beside segment and tier: condition, rule, and why it holds in words
{%- set conditions = [
    ('always', 'true', 'cast(null as varchar)'),
    ('overdue', 'features.overdue_ratio > 1', "'later than usual'"),
    ('single_order', 'features.order_count = 1', "'one order so far'"),
    (
        'recent_cart',
        'features.days_since_last_cart <= 14
            and features.days_since_last_cart < features.recency_days',
        "'filled a cart ' || features.days_since_last_cart || ' days ago, not ordered since'"
    ),
    ('unhappy', 'features.last_rating <= 2', "'last rating ' || cast(features.last_rating as integer) || ' of 5'"),
    ('discount_buyer', 'features.discounted_order_share >= 0.5', "'buys with discounts'"),
    ('full_price_buyer', 'features.discounted_order_share = 0', "'never had a discount'"),
] %}

with

customers as (

    select * from {{ ref('int_customers__current') }}

),

features as (

    select features.*
    from {{ ref('customer_features') }} as features
    inner join customers
        on
            features.customer_key = customers.customer_key
            and features.snapshot_date = customers.snapshot_date

)
{% for condition, rule, explanation in conditions %}
select
    customers.customer_key,
    '{{ condition }}' as condition,
    {{ explanation }} as explanation
from customers
left join features on customers.customer_key = features.customer_key
where {{ rule }}
{{ "union all" if not loop.last }}
{%- endfor %}
