{{ config(materialized='table') }}

-- materialised: the lists of every method at the test snapshot; baselines ignore what each
-- customer is like
{%- set list_length = var('recommendation_count') %}

with

test_snapshot as (

    select
        snapshot_date,
        label_end_date
    from {{ ref('int_snapshots__spine') }}
    where snapshot_role = 'test'

),

customers as (

    select customers.*
    from {{ ref('int_recommendations__customers') }} as customers
    inner join test_snapshot on customers.snapshot_date = test_snapshot.snapshot_date

),

histories as (

    select histories.*
    from {{ ref('int_recommendations__histories') }} as histories
    inner join customers
        on
            histories.snapshot_date = customers.snapshot_date
            and histories.customer_key = customers.customer_key

),

bestsellers as (

    select
        customers.customer_key,
        popularity.product_id,
        popularity.shop_rank,
        histories.product_id is not null as is_owned
    from customers
    inner join {{ ref('int_recommendations__popularity') }} as popularity
        on
            customers.snapshot_date = popularity.snapshot_date
            and customers.rfm_segment = popularity.rfm_segment
    left join histories
        on
            customers.customer_key = histories.customer_key
            and popularity.product_id = histories.product_id
    where popularity.shop_rank <= 10 * {{ list_length }}

),

lists as (

    select
        'all purchases' as scope,
        'recommended' as method,  -- noqa: RF04
        ranked.customer_key,
        ranked.product_id,
        ranked.recommendation_rank as list_rank
    from {{ ref('int_recommendations__ranked') }} as ranked
    inner join test_snapshot on ranked.snapshot_date = test_snapshot.snapshot_date
    union all by name
    select
        'new products' as scope,
        'recommended' as method,  -- noqa: RF04
        ranked.customer_key,
        ranked.product_id,
        ranked.rank_by_ownership as list_rank
    from {{ ref('int_recommendations__ranked') }} as ranked
    inner join test_snapshot on ranked.snapshot_date = test_snapshot.snapshot_date
    where not ranked.is_owned
    union all by name
    select
        'all purchases' as scope,
        'most_popular' as method,  -- noqa: RF04
        customer_key,
        product_id,
        shop_rank as list_rank
    from bestsellers
    union all by name
    select
        'new products' as scope,
        'most_popular' as method,  -- noqa: RF04
        customer_key,
        product_id,
        row_number() over (partition by customer_key order by shop_rank) as list_rank
    from bestsellers
    where not is_owned
    union all by name
    select
        'all purchases' as scope,
        'repeat_purchase' as method,  -- noqa: RF04
        customer_key,
        product_id,
        row_number() over (
            partition by customer_key
            order by purchase_day_count desc, last_ordered_date desc, product_id asc
        ) as list_rank
    from histories

)

select
    scope,
    method,
    customer_key,
    product_id,
    list_rank
from lists
where list_rank <= {{ list_length }}
