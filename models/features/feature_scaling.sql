select
    feature,
    mean_value,
    standard_deviation,
    median_value,
    upper_quartile - lower_quartile as interquartile_range,
    minimum_value,
    maximum_value,
    -- where both quantiles agree, rare values are all there is to learn from: they are kept
    case when low_quantile < high_quantile then low_quantile else minimum_value end as lower_limit,
    case when low_quantile < high_quantile then high_quantile else maximum_value end as upper_limit
from {{ ref('feature_distributions') }}
