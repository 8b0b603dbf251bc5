-- the category of each product over time; only a change of category starts a new version, and until
-- the product is known its category is unknown
with

products as (

    select
        product_id,
        category,
        known_from,
        lag(category) over product as previous_category,
        row_number() over product = 1 as is_first_version
    from {{ ref('stg_shop__products') }}
    window product as (partition by product_id order by known_from)

),

changes as (

    select
        product_id,
        category,
        known_from
    from products
    where category is distinct from previous_category or is_first_version

    union all

    select
        product_id,
        null as category,
        timestamp '-infinity' as known_from
    from products
    where is_first_version

)

select
    product_id,
    category,
    known_from,
    lead(known_from) over (partition by product_id order by known_from) as known_until
from changes
