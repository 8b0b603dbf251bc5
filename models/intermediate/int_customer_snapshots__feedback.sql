with

reviews as (

    select * from {{ ref('stg_shop__reviews') }}

),

snapshots as (

    select * from {{ ref('int_snapshots__spine') }}

)

select
    reviews.customer_key,
    snapshots.snapshot_date,
    count(*) as review_count,
    count(*) filter (
        where snapshots.snapshot_date - cast(reviews.reviewed_at as date) <= 365
    ) as review_count_365d,
    cast(sum(cast(reviews.rating as decimal(18, 4))) as double) / count(*)
        as rating_mean,
    arg_max(reviews.rating, (reviews.reviewed_at, reviews.review_id))
        as last_rating,
    count(*) filter (where reviews.rating <= 2) / count(*)
        as negative_review_share,
    min(snapshots.snapshot_date - cast(reviews.reviewed_at as date))
        as days_since_last_review
from snapshots
inner join reviews on {{ is_known_at('reviews', 'snapshots.snapshot_date') }}
group by reviews.customer_key, snapshots.snapshot_date
