{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ forget_replaced_snapshots() }}"
) }}

with

rfm_values as (

    select features.*
    from {{ ref('int_customer_snapshots__features') }} as features
    inner join {{ ref('int_snapshots__to_build') }} as snapshots
        on features.snapshot_date = snapshots.snapshot_date

),

cut_points as (

    select
        snapshot_date,
        list(cut_point order by score) filter (where measure = 'recency_days')
            as recency_edges,
        list(cut_point order by score) filter (where measure = 'order_count')
            as frequency_edges,
        list(cut_point order by score) filter (where measure = 'net_revenue')
            as monetary_edges
    from {{ ref('rfm_cut_points') }}
    group by snapshot_date

),

segment_map as (

    select * from {{ ref('rfm_segment_map') }}

),

group_map as (

    select * from {{ ref('rfm_group_map') }}

),

scored as (

    select
        rfm_values.customer_key,
        rfm_values.snapshot_date,
        1 + {{ bin_by_stored_edges(
            '-rfm_values.recency_days', 'cut_points.recency_edges'
        ) }} as recency_score,
        1 + {{ bin_by_stored_edges(
            'rfm_values.order_count', 'cut_points.frequency_edges'
        ) }} as frequency_score,
        1 + {{ bin_by_stored_edges(
            'rfm_values.net_revenue', 'cut_points.monetary_edges'
        ) }} as monetary_score
    from rfm_values
    inner join cut_points on rfm_values.snapshot_date = cut_points.snapshot_date

)

select
    scored.customer_key,
    scored.snapshot_date,
    cast(scored.recency_score as integer) as recency_score,
    cast(scored.frequency_score as integer) as frequency_score,
    cast(scored.monetary_score as integer) as monetary_score,
    cast(
        scored.recency_score * 100
        + scored.frequency_score * 10
        + scored.monetary_score as varchar
    ) as rfm_cell,
    case {{ var('rfm_scale') }}
        when 5 then segment_map.rfm_segment
        when 3 then group_map.rfm_group
    end as rfm_segment
from scored
left join segment_map
    on
        scored.recency_score = segment_map.recency_score
        and scored.frequency_score = segment_map.frequency_score
left join group_map
    on
        scored.recency_score = group_map.recency_score
        and scored.frequency_score = group_map.frequency_score
        and scored.monetary_score = group_map.monetary_score
