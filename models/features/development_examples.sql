with

development as (

    select
        customer_features.customer_key,
        customer_features.snapshot_date
    from {{ ref('customer_features') }} as customer_features
    inner join {{ ref('int_snapshots__spine') }} as snapshots
        on customer_features.snapshot_date = snapshots.snapshot_date
    where snapshots.snapshot_role in ('train', 'validation')

),

-- customer keys are evenly spread: everybody below a cut is a sample, the same in every run
cut as (

    select {{ var('parameter_row_count', 1000000) }} / nullif(count(*), 0) * 2 ** 32 as key_start
    from development

)

select
    development.customer_key,
    development.snapshot_date
from development
inner join cut
    on
        cast('0x' || left(cast(development.customer_key as varchar), 8) as bigint)
        <= cut.key_start
