with

customers as (

    select * from {{ ref('base_shop__customers') }}

)

select
    ---------- ids
    customer_key,

    ---------- attributes, impossible values blanked (see quarantined_values)
    case
        when
            birth_date between date '1900-01-01'
            and cast(coalesce(registered_at, timestamp '2100-01-01') as date)
            then birth_date
    end as birth_date,
    case
        when
            age between {{ var('minimum_age_years') }}
            and {{ var('maximum_age_years') }}
            then age
    end as age_years,
    lower(gender) as gender,
    case
        when annual_income between 0 and {{ var('maximum_annual_income') }}
            then annual_income
    end as annual_income,
    country,
    marketing_consent,
    email is not null as has_email,
    phone is not null as has_phone,

    ---------- times
    registered_at,
    consent_updated_at,
    known_from,
    known_until

from customers
where rejection_reason is null
