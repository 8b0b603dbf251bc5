select
    feature,
    edges
from {{ ref('model_input_bins') }}
where edges is distinct from list_sort(list_distinct(edges))
