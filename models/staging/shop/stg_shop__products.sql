with

products as (

    select * from {{ ref('base_shop__products') }}

)

select
    ---------- ids
    product_id,

    ---------- attributes
    product_name,
    regexp_replace(lower(category), '\s+', ' ', 'g') as category,

    ---------- numerics
    case when unit_price >= 0 then unit_price end as unit_price,
    case when unit_cost >= 0 then unit_cost end as unit_cost,
    case when stock_on_hand >= 0 then stock_on_hand end as stock_on_hand_units,
    case when lead_time_days >= 0 then lead_time_days end as lead_time_days,

    ---------- times
    known_from,
    known_until

from products
where rejection_reason is null
