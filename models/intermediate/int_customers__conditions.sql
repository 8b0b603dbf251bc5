-- what a playbook may ask for beside segment and tier: condition, rule, and why it holds in words
{%- set conditions = [
    ('always', 'true', 'cast(null as varchar)'),
    ('overdue', 'overdue_ratio > 1', "'later than usual'"),
    ('single_order', 'order_count = 1', "'one order so far'"),
    (
        'recent_cart',
        'days_since_last_cart <= 14 and days_since_last_cart < recency_days',
        "'filled a cart ' || days_since_last_cart || ' days ago, not ordered since'"
    ),
    ('unhappy', 'last_rating <= 2', "'last rating ' || cast(last_rating as integer) || ' of 5'"),
    ('discount_buyer', 'discounted_order_share >= 0.5', "'buys with discounts'"),
    ('full_price_buyer', 'discounted_order_share = 0', "'never had a discount'"),
] %}

with

customers as (

    select * from {{ ref('int_customers__current') }}

),

described as (

    select
        customers.customer_key,
        features.overdue_ratio,
        features.order_count,
        features.recency_days,
        features.days_since_last_cart,
        features.last_rating,
        features.discounted_order_share
    from customers
    left join {{ ref('customer_features') }} as features
        on
            customers.customer_key = features.customer_key
            and customers.snapshot_date = features.snapshot_date

)
{% for condition, rule, explanation in conditions %}
select
    customer_key,
    '{{ condition }}' as condition,
    {{ explanation }} as explanation
from described
where {{ rule }}
{{ "union all" if not loop.last }}
{%- endfor %}
