{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ forget_replaced_snapshots() }}"
) }}

{%- set scale = var('rfm_scale') -%}
{%- if scale not in [3, 5] -%}
    {{ exceptions.raise_compiler_error("The var rfm_scale must be 3 or 5, got " ~ scale) }}
{%- endif -%}

with

rfm_values as (

    select features.*
    from {{ ref('int_customer_snapshots__features') }} as features
    inner join {{ ref('int_snapshots__to_build') }} as snapshots
        on features.snapshot_date = snapshots.snapshot_date

),

measures as (

    -- recency counts downwards: fewer days are better, hence the sign
    select
        snapshot_date,
        'recency_days' as measure,
        -cast(recency_days as double) as measure_value
    from rfm_values

    union all

    select
        snapshot_date,
        'order_count' as measure,
        cast(order_count as double) as measure_value
    from rfm_values

    union all

    select
        snapshot_date,
        'net_revenue' as measure,
        cast(net_revenue as double) as measure_value
    from rfm_values

),

ranked as (

    select
        snapshot_date,
        measure,
        measure_value,
        percent_rank() over (
            partition by snapshot_date, measure order by measure_value
        ) as rank_share
    from measures

)

-- the smallest value whose percent rank reaches each fifth (or third): equal values, equal scores
select
    ranked.snapshot_date,
    ranked.measure,
    cast(scores.score as integer) as score,
    min(ranked.measure_value) filter (
        where ranked.rank_share >= (scores.score - 1) / {{ scale }}.0
    ) as cut_point
from ranked
cross join range(2, {{ scale + 1 }}) as scores (score)
group by ranked.snapshot_date, ranked.measure, scores.score
