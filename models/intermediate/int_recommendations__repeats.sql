{{ config(materialized='table') }}

-- materialised: a median per product; how many come back for a product, and after how long. Few
-- customers of a product are judged by those of its category, else by the whole shop
{%- set prior_customers = 20 %}
{%- set grains = {'product': ['category', 'product_id'], 'category': ['category'], 'shop': []} %}

with

products as (

    select distinct
        snapshot_date,
        product_id
    from {{ ref('int_recommendations__histories') }}

),

product_categories as (

    select
        products.snapshot_date,
        products.product_id,
        categories.category
    from products
    left join {{ ref('int_products__categories') }} as categories
        on
            products.product_id = categories.product_id
            and {{ is_known_at('categories', 'products.snapshot_date') }}

),

histories as (

    select
        histories.*,
        product_categories.category
    from {{ ref('int_recommendations__histories') }} as histories
    inner join product_categories
        on
            histories.snapshot_date = product_categories.snapshot_date
            and histories.product_id = product_categories.product_id

),

counted as (

    {%- for grain, keys in grains.items() %}
    select
        snapshot_date,
        {%- for key in keys %}
        {{ key }},
        {%- endfor %}
        '{{ grain }}' as grain,
        count(*) as buyer_count,
        count(mean_gap_days) as repeat_buyer_count,
        median(mean_gap_days) as gap_days
    from histories
    group by {{ (['snapshot_date'] + keys) | join(', ') }}
    {{ "union all by name" if not loop.last }}
    {%- endfor %}

),

compared as (

    select
        product_counts.snapshot_date,
        product_counts.product_id,
        product_counts.buyer_count,
        product_counts.repeat_buyer_count,
        product_counts.gap_days,
        coalesce(
            categories.repeat_buyer_count / categories.buyer_count,
            shops.repeat_buyer_count / shops.buyer_count
        ) as prior_rate,
        coalesce(categories.gap_days, shops.gap_days) as prior_gap_days
    from counted as product_counts
    inner join counted as shops
        on product_counts.snapshot_date = shops.snapshot_date and shops.grain = 'shop'
    left join counted as categories
        on
            product_counts.snapshot_date = categories.snapshot_date
            and product_counts.category = categories.category
            and categories.grain = 'category'
    where product_counts.grain = 'product'

)

select
    snapshot_date,
    product_id,
    (repeat_buyer_count + {{ prior_customers }} * prior_rate)
    / (buyer_count + {{ prior_customers }}) as repeat_rate,
    case
        when repeat_buyer_count >= {{ var('recommendation_minimum_support') }} then gap_days
        else prior_gap_days
    end as typical_gap_days
from compared
