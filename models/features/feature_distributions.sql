{%- set features = numeric_model_features() -%}

with

development as materialized (

    select
        {%- for feature in features %}
        cast(customer_features.{{ feature }} as double) as {{ feature }},
        {%- endfor %}
        customer_features.snapshot_date
    from {{ ref('customer_features') }} as customer_features
    inner join {{ ref('development_examples') }} as development_examples
        on
            customer_features.customer_key = development_examples.customer_key
            and customer_features.snapshot_date = development_examples.snapshot_date

),

{{ value_distributions('development', features) }}

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
