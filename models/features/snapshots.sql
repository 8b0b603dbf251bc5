select
    snapshot_date,
    as_of_date,
    label_end_date,
    horizon_days,
    is_labelled,
    snapshot_role,
    cast(month(snapshot_date) as integer) as snapshot_month,
    cast(quarter(snapshot_date) as integer) as snapshot_quarter,
    cast(make_date(year(snapshot_date) + 1, 1, 1) - snapshot_date as integer) as days_to_year_end
from {{ ref('int_snapshots__spine') }}
