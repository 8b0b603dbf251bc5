with

reviews as (

    select * from {{ ref('base_shop__reviews') }}

)

select
    ---------- ids
    review_id,
    customer_key,
    product_id,

    ---------- numerics
    rating,
    length(coalesce(review_text, '')) as review_text_characters,

    ---------- times
    reviewed_at,
    known_from,
    known_until

from reviews
where rejection_reason is null
