with

customers as (

    select * from {{ ref('stg_shop__customers') }}

),

snapshots as (

    select * from {{ ref('int_snapshots__spine') }}

),

known_customers as (

    select
        customers.*,
        snapshots.snapshot_date,
        coalesce(
            date_sub('year', customers.birth_date, snapshots.snapshot_date),
            customers.age_years
        ) as age_at_snapshot_years
    from snapshots
    inner join customers
        on {{ is_known_at('customers', 'snapshots.snapshot_date') }}

)

select
    customer_key,
    snapshot_date,
    case
        when
            age_at_snapshot_years between {{ var('minimum_age_years') }}
            and {{ var('maximum_age_years') }}
            then cast(age_at_snapshot_years as double)
    end as age_years,
    gender,
    annual_income,
    country,
    case
        when consent_updated_at is null or consent_updated_at < snapshot_date
            then marketing_consent
    end as has_marketing_consent
from known_customers
