with

edges as (

    select edges
    from {{ ref('labelled_feature_parameters') }}
    where feature = 'age'

),

bands as (

    select
        edges,
        unnest(list_prepend(cast('-infinity' as double), edges)) as lower_edge,
        unnest(list_append(edges, cast('infinity' as double))) as upper_edge
    from edges

)

select
    {{ bin_label('lower_edge', 'edges') }} as age_band,
    lower_edge,
    upper_edge
from bands
