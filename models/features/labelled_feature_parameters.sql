{%- set features = labelled_value_limits() | list -%}
{%- set bin_count = var('income_bin_count') -%}

with

training as (

    select * from {{ ref('int_labelled_customers__split') }}
    where split_role = 'train'

),

own_values as (

    select unnest(map_entries(own_numbers)) as entry
    from training

),

own_distributions as (

    select
        entry.key as feature,
        count(*) as row_count,
        list(entry.value order by entry.value) filter (
            where entry.value is not null
        ) as sorted_values
    from own_values
    group by entry.key

),

{{ value_distributions('training', features, 'own_distributions') }},

parameters as (

    select
        *,
        coalesce(value_count, 0) as known_count,
        sorted_values[1] as minimum_value,
        sorted_values[-1] as maximum_value
    from summarised

)

select
    feature,
    row_count,
    known_count,
    minimum_value,
    maximum_value,
    list_avg(sorted_values) as mean_value,
    list_stddev_pop(sorted_values) as standard_deviation,
    quantiles[3] as median_value,
    quantiles[4] - quantiles[2] as interquartile_range,
    -- where both quantiles agree, rare values are all there is to learn from: they are kept
    case when quantiles[1] < quantiles[5] then quantiles[1] else minimum_value end as lower_limit,
    case when quantiles[1] < quantiles[5] then quantiles[5] else maximum_value end as upper_limit,
    case
        when feature = 'age' then cast({{ var('age_band_edges') }} as double[])
        -- an edge on the smallest or largest value opens no bin, as in scikit-learn
        else coalesce(
            list_sort(
                list_distinct(
                    list_filter(
                        list_transform(
                            range(1, {{ bin_count }}),
                            lambda step:
                            sorted_values[
                                (step * known_count + {{ bin_count - 1 }}) // {{ bin_count }}
                            ]
                        ),
                        lambda edge: edge > minimum_value and edge < maximum_value
                    )
                )
            ),
            []
        )
    end as edges
from parameters
