with

declared as (

    select
        binning.feature,
        binning.strategy,
        binning.bin_count,
        cast(string_split(binning.custom_edges, ' ') as double[]) as custom_edges,
        supervised_bins.edges as supervised_edges,
        distributions.minimum_value,
        distributions.maximum_value,
        distributions.sixtieths,
        (distributions.maximum_value - distributions.minimum_value) / binning.bin_count as width
    from {{ ref('feature_binning') }} as binning
    inner join {{ ref('feature_distributions') }} as distributions
        on binning.feature = distributions.feature
    left join {{ ref('supervised_bins') }} as supervised_bins
        on binning.feature = supervised_bins.feature

),

candidates as (

    select
        feature,
        strategy,
        case strategy
            when 'equal_width'
                then list_transform(range(1, bin_count), lambda step: minimum_value + step * width)
            when 'quantile'
                then list_transform(
                    range(1, bin_count), lambda step: sixtieths[step * 60 // bin_count]
                )
        end as fitted_edges,
        minimum_value,
        maximum_value,
        coalesce(supervised_edges, custom_edges) as given_edges
    from declared

)

-- an equal-width or quantile edge on the smallest or largest value opens no bin, as in scikit-learn
select
    feature,
    strategy,
    list_sort(
        list_distinct(
            coalesce(
                list_filter(
                    fitted_edges, lambda edge: edge > minimum_value and edge < maximum_value
                ),
                given_edges,
                []
            )
        )
    ) as edges
from candidates

union all

select
    feature,
    strategy,
    edges
from {{ ref('feature_bins') }}
