-- whatever the lists are made of: nothing is out of stock as of as_of_date
with

recommended as (

    select
        product_id,
        as_of_date
    from {{ ref('product_recommendations') }}
    union
    select
        product_id,
        as_of_date
    from {{ ref('segment_recommendations') }}

)

select recommended.product_id
from recommended
inner join {{ ref('stg_shop__products') }} as products
    on
        recommended.product_id = products.product_id
        and {{ is_known_at('products', 'recommended.as_of_date') }}
where products.stock_on_hand_units = 0
