-- how well each method's list foresaw what each customer bought: those who bought something that is
-- in the scope
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

lists as (

    select * from {{ ref('int_recommendations__compared') }}

),

methods as (

    select distinct
        scope,
        method
    from lists

),

purchases as (

    select distinct
        order_products.customer_key,
        order_products.product_id,
        histories.product_id is null as is_new
    from test_snapshot
    inner join {{ ref('int_order_products__completed') }} as order_products
        on
            test_snapshot.snapshot_date <= order_products.ordered_date
            and test_snapshot.label_end_date > order_products.ordered_date
            and {{ is_known_at('order_products', 'test_snapshot.label_end_date') }}
    inner join customers on order_products.customer_key = customers.customer_key
    left join {{ ref('int_recommendations__histories') }} as histories
        on
            test_snapshot.snapshot_date = histories.snapshot_date
            and order_products.customer_key = histories.customer_key
            and order_products.product_id = histories.product_id
    where order_products.product_id is not null

),

foreseen as (

    select
        methods.scope,
        methods.method,
        purchases.customer_key,
        count(*) as purchased_count,
        count(lists.product_id) as hit_count,
        sum(cast(1 / log2(lists.list_rank + 1) as decimal(18, 12))) as gain
    from purchases
    inner join methods on purchases.is_new or methods.scope = 'all purchases'
    left join lists
        on
            methods.scope = lists.scope
            and methods.method = lists.method
            and purchases.customer_key = lists.customer_key
            and purchases.product_id = lists.product_id
    group by methods.scope, methods.method, purchases.customer_key

)

-- the best gain that there could be: as many hits as there were purchases, at the top of the list
select
    scope,
    method,
    customer_key,
    purchased_count,
    hit_count,
    cast(hit_count > 0 as integer) as hit_rate,
    hit_count / purchased_count as recall,
    coalesce(cast(gain as double), 0) / cast(list_sum(
        list_transform(
            range(1, least(purchased_count, {{ var('recommendation_count') }}) + 1),
            lambda place: cast(1 / log2(place + 1) as decimal(18, 12))
        )
    ) as double) as ndcg
from foreseen
