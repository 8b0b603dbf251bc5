-- each of the 25 cells has exactly one name, and there is no cell beside them
with

cells as (

    select
        recency.score as recency_score,
        frequency.score as frequency_score
    from range(1, 6) as recency (score)
    cross join range(1, 6) as frequency (score)

),

names as (

    select
        recency_score,
        frequency_score,
        count(rfm_segment) as name_count
    from {{ ref('rfm_segment_map') }}
    group by recency_score, frequency_score

)

select
    coalesce(cells.recency_score, names.recency_score) as recency_score,
    coalesce(cells.frequency_score, names.frequency_score) as frequency_score,
    names.name_count
from cells
full outer join names
    on
        cells.recency_score = names.recency_score
        and cells.frequency_score = names.frequency_score
where
    cells.recency_score is null
    or coalesce(names.name_count, 0) != 1
