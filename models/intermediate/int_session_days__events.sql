{{ config(
    materialized='incremental_by_part',
    part_key='customer_key',
    part_facts="
        select
            customer_key,
            hash(
                customer_key, session_id, event_type, product_id is not null,
                cast(occurred_at as date), cast(known_from as date), cast(known_until as date)
            ) as fact_hash
        from {{ ref('stg_shop__events') }}
        where customer_key is not null
    "
) }}

-- materialised: one row where a visit has several events, before snapshots multiply them; sorted as
-- the orders are. A snapshot is a day boundary, so that days tell as much as times about what is
-- known at it
with

events as (

    select * from {{ ref('stg_shop__events') }}
    where
        customer_key is not null
        and {{ in_changed_parts('customer_key') }}

)

select
    customer_key,
    session_id,
    cast(occurred_at as date) as occurred_date,
    cast(known_from as date) as known_from,
    cast(known_until as date) as known_until,
    count(*) as event_count,
    count(*) filter (where event_type = 'page_view' and product_id is not null)
        as product_view_count,
    count(*) filter (where event_type = 'click') as click_count,
    count(*) filter (where event_type = 'search') as search_count,
    count(*) filter (where event_type = 'add_to_cart') as cart_count,
    count(*) filter (where event_type = 'checkout') as checkout_count
from events
group by all
order by customer_key
