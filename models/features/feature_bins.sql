-- edges are fitted on the development snapshots only and reused for every snapshot
with

development_snapshots as (

    select max(snapshot_date) as snapshot_date
    from {{ ref('int_snapshots__spine') }}
    where snapshot_role in ('train', 'validation')

),

incomes as (

    select features.annual_income
    from {{ ref('int_customer_snapshots__features') }} as features
    inner join development_snapshots
        on features.snapshot_date = development_snapshots.snapshot_date

),

income_edges as (

    select
        list_sort(
            list_distinct(
                quantile_disc(
                    annual_income,
                    [
                        {%- for step in range(1, var('income_bin_count')) %}
                        {{ step / var('income_bin_count') }}{{ "," if not loop.last }}
                        {%- endfor %}
                    ]
                )
            )
        ) as edges
    from incomes

)

select
    'age_years' as feature,
    'custom' as strategy,
    cast({{ var('age_band_edges') }} as double[]) as edges

union all

select
    'annual_income' as feature,
    'quantile' as strategy,
    coalesce(cast(edges as double[]), cast([] as double[])) as edges
from income_edges
