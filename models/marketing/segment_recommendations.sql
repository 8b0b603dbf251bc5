with

scoring_snapshot as (

    select snapshot_date
    from {{ ref('int_snapshots__spine') }}
    where snapshot_role = 'scoring'

),

popularity as (

    select popularity.*
    from {{ ref('int_recommendations__popularity') }} as popularity
    inner join scoring_snapshot on popularity.snapshot_date = scoring_snapshot.snapshot_date

),

assortment as (

    select * from {{ ref('int_recommendations__assortment') }}

),

-- a segment that is too small to speak of has no list of its own
lists as (

    select
        'rfm_segment' as list_type,
        rfm_segment as list_name,
        snapshot_date,
        product_id,
        segment_share as buyer_share,
        shop_share
    from popularity
    where customer_count >= {{ var('k_anonymity') }}

    union all

    select distinct
        'category' as list_type,
        assortment.category as list_name,
        popularity.snapshot_date,
        popularity.product_id,
        popularity.shop_share as buyer_share,
        popularity.shop_share
    from popularity
    inner join assortment
        on
            popularity.snapshot_date = assortment.snapshot_date
            and popularity.product_id = assortment.product_id
    where
        assortment.category is not null
        and assortment.buyer_count >= {{ var('k_anonymity') }}

)

select
    lists.snapshot_date as as_of_date,
    lists.list_type,
    lists.list_name,
    cast(
        row_number() over (
            partition by lists.list_type, lists.list_name
            order by lists.buyer_share desc, lists.product_id asc
        ) as integer
    ) as recommendation_rank,
    lists.product_id,
    assortment.product_name,
    assortment.category,
    lists.buyer_share,
    lists.buyer_share / nullif(lists.shop_share, 0) as affinity
from lists
inner join assortment
    on
        lists.snapshot_date = assortment.snapshot_date
        and lists.product_id = assortment.product_id
qualify recommendation_rank <= {{ var('recommendation_count') }}
