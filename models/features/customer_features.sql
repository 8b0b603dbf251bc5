{#- The contract in _features__models.yml lists the columns. -#}
with

features as (

    select * exclude (source_fingerprint)
    from {{ ref('int_customer_snapshots__features') }}

),

rfm_segments as (

    select * from {{ ref('rfm_segments') }}

),

wholesale_limit as (

    select * from {{ ref('wholesale_limit') }}

),

bins as (

    select
        max(edges) filter (where feature = 'age_years') as age_edges,
        max(edges) filter (where feature = 'annual_income') as income_edges
    from {{ ref('feature_bins') }}

)

-- each stored parameter is one row
select
    features.*,
    rfm_segments.recency_score,
    rfm_segments.frequency_score,
    rfm_segments.monetary_score,
    rfm_segments.rfm_segment,
    features.maximum_order_units > wholesale_limit.maximum_order_units as is_wholesale,
    {{ bin_label('features.age_years', 'bins.age_edges') }} as age_band,
    {{ bin_by_stored_edges('features.annual_income', 'bins.income_edges') }} as income_bin
from features
cross join wholesale_limit
cross join bins
left join rfm_segments
    on
        features.customer_key = rfm_segments.customer_key
        and features.snapshot_date = rfm_segments.snapshot_date
