with

events as (

    select * from {{ ref('base_shop__events') }}

)

select
    ---------- ids
    event_id,
    customer_key,
    session_id,
    product_id,

    ---------- attributes
    lower(event_type) as event_type,

    ---------- times
    occurred_at,
    known_from,
    known_until

from events
where rejection_reason is null
