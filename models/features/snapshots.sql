select
    snapshot_date,
    as_of_date,
    label_end_date,
    horizon_days,
    is_labelled,
    snapshot_role
from {{ ref('int_snapshots__spine') }}
