-- one row: the net revenue in the horizon from which a customer counts as high value
with

outcomes as (

    select outcomes.*
    from {{ ref('int_customer_snapshots__outcomes') }} as outcomes
    inner join {{ ref('int_snapshots__spine') }} as snapshots
        on outcomes.snapshot_date = snapshots.snapshot_date
    where snapshots.snapshot_role in ('train', 'validation')

),

fitted as (

    select
        -- of decimals: between equal doubles interpolation rounds past them
        cast(
            quantile_cont(net_revenue, {{ var('high_value_quantile') }}) as double
        ) as quantile_threshold,
        cast(
            quantile_cont(net_revenue, 0.5) filter (where order_count > 0) as double
        ) as buyer_median,
        count(*) as customer_snapshot_count
    from outcomes

)

select
    {% if var('high_value_threshold') is not none -%}
    cast({{ var('high_value_threshold') }} as double)
    {%- else -%}
    case
        when quantile_threshold > 0 then quantile_threshold
        when buyer_median > 0 then buyer_median
    end
    {%- endif %} as high_value_threshold,
    customer_snapshot_count
from fitted
