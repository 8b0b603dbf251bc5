select
    feature,
    median_value,
    1 - known_count / nullif(row_count, 0) as missing_share
from {{ ref('feature_distributions') }}
