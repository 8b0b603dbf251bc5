select
    feature,
    edges
from {{ ref('feature_bins') }}
where edges is distinct from list_sort(list_distinct(edges))
