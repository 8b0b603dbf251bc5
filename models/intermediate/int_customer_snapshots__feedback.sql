with

reviews as (

    select * from {{ ref('stg_shop__reviews') }}

),

snapshots as (

    select * from {{ ref('int_snapshots__to_build') }}

),

known_reviews as (

    select
        reviews.customer_key,
        snapshots.snapshot_date,
        reviews.review_id,
        reviews.reviewed_at,
        reviews.rating,
        reviews.review_text_characters,
        cast(snapshots.snapshot_date - cast(reviews.reviewed_at as date) as integer) as age_days
    from snapshots
    inner join reviews on {{ is_known_at('reviews', 'snapshots.snapshot_date') }}

),

-- the mean is taken over decimals: exact, so that no order of rows matters
feedback as (

    select
        customer_key,
        snapshot_date,
        cast(count(*) as integer) as review_count,
        cast(count(*) filter (where age_days <= 90) as integer) as review_count_90d,
        cast(count(*) filter (where age_days <= 365) as integer) as review_count_365d,
        avg(cast(rating as decimal(18, 4))) as rating_mean,
        avg(cast(rating as decimal(18, 4))) filter (where age_days <= 365) as rating_mean_365d,
        min(rating) as minimum_rating,
        arg_max(rating, (reviewed_at, review_id)) as last_rating,
        count(*) filter (where rating <= 2) / count(*) as negative_review_share,
        avg(review_text_characters) as review_text_mean_characters,
        min(age_days) as days_since_last_review
    from known_reviews
    group by customer_key, snapshot_date

)

select
    *,
    last_rating - rating_mean as last_rating_change
from feedback
