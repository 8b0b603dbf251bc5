{%- set tenths = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9] %}
-- expected calibration error of past scorings: the mean gap between predicted and observed share of
-- buyers over at most ten bins of similar size; equal probabilities share a bin
with

outcomes as (

    select * from {{ ref('int_scorings__outcomes') }}

),

edges as (

    select
        scoring_id,
        quantile_cont(purchase_probability, {{ tenths }}) as bin_edges
    from outcomes
    group by scoring_id

),

placed as (

    select
        outcomes.scoring_id,
        outcomes.purchase_probability,
        outcomes.has_purchased,
        edges.bin_edges
    from outcomes
    inner join edges on outcomes.scoring_id = edges.scoring_id

),

bins as (

    select
        scoring_id,
        len(list_filter(bin_edges, lambda edge: edge < purchase_probability)) as bin_number,
        count(*) as customer_count,
        sum(
            cast(purchase_probability as decimal(18, 15)) - cast(has_purchased as integer)
        ) as gap
    from placed
    group by all

)

select
    scoring_id,
    cast(sum(abs(gap)) as double) / sum(customer_count) as expected_calibration_error
from bins
group by scoring_id
