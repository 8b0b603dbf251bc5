{%- set features = numeric_model_features() -%}

with

snapshots as (

    select * from {{ ref('int_snapshots__spine') }}
    where snapshot_role in ('train', 'validation')

),

-- customer keys are evenly spread: everybody below a cut is a sample, the same in every run
cut as (

    select {{ var('parameter_row_count', 1000000) }} / nullif(count(*), 0) * 2 ** 32 as key_start
    from {{ ref('customer_features') }} as customer_features
    inner join snapshots on customer_features.snapshot_date = snapshots.snapshot_date

),

development as materialized (

    select
        {%- for feature in features %}
        cast(customer_features.{{ feature }} as double) as {{ feature }},
        {%- endfor %}
        customer_features.snapshot_date
    from {{ ref('customer_features') }} as customer_features
    inner join snapshots on customer_features.snapshot_date = snapshots.snapshot_date
    inner join cut
        on cast(
            '0x' || left(cast(customer_features.customer_key as varchar), 8) as bigint
        ) <= cut.key_start

),

-- sums over sorted lists are the same in every run, whatever the order of rows
distributions as (

    {%- for feature in features %}
    select
        '{{ feature }}' as feature,
        count(*) as row_count,
        list({{ feature }} order by {{ feature }}) filter (
            where {{ feature }} is not null
        ) as sorted_values
    from development
    {%- if not loop.last %}

    union all
    {% endif %}
    {%- endfor %}

),

summarised as (

    select
        *,
        len(sorted_values) as value_count,
        list_aggregate(
            sorted_values, 'quantile_cont', [0.01, 0.25, 0.5, 0.75, 0.99]
        ) as quantiles
    from distributions

)

select
    feature,
    row_count,
    coalesce(value_count, 0) as known_count,
    sorted_values[1] as minimum_value,
    sorted_values[-1] as maximum_value,
    list_avg(sorted_values) as mean_value,
    list_stddev_pop(sorted_values) as standard_deviation,
    quantiles[1] as low_quantile,
    quantiles[2] as lower_quartile,
    quantiles[3] as median_value,
    quantiles[4] as upper_quartile,
    quantiles[5] as high_quantile,
    -- the smallest value with at least n/60 of all at or below it
    list_transform(
        range(1, 60), lambda part: sorted_values[(part * value_count + 59) // 60]
    ) as sixtieths
from summarised
