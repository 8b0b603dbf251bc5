{{ config(materialized='table') }}

-- materialised: what is learned for each snapshot from windows whose outcome was known by then, and
-- from no other: the half-life whose shares would have fitted best, and corrections of the level.
-- Windows overlap, so that those within one horizon say as much as one: as many are added in which
-- expectations held
{%- set prior_windows =
    (var('horizon_days') / var('snapshot_step_days')) | round(0, 'ceil') | int %}
with

windows as (

    select * from {{ ref('int_demand__windows') }}

),

outcomes as (

    select * from {{ ref('int_demand__outcomes') }}

),

category_outcomes as (

    select
        snapshot_date,
        category,
        cast(sum(cast(unit_count as decimal(28, 3))) as double) as unit_count,
        cast(
            coalesce(sum(cast(unit_count as decimal(28, 3))) filter (where is_known), 0) as double
        ) as known_unit_count
    from outcomes
    group by snapshot_date, category

),

errors as (

    select
        product_shares.snapshot_date,
        product_shares.half_life_days,
        sum(
            cast(
                abs(
                    outcomes.unit_count
                    - category_outcomes.known_unit_count
                    * product_shares.category_share
                ) as decimal(28, 6)
            )
        ) / nullif(sum(cast(outcomes.unit_count as decimal(28, 3))), 0) as weighted_error
    from {{ ref('int_demand__shares') }} as product_shares
    inner join outcomes
        on
            product_shares.snapshot_date = outcomes.snapshot_date
            and product_shares.product_id = outcomes.product_id
    inner join category_outcomes
        on
            product_shares.snapshot_date = category_outcomes.snapshot_date
            and product_shares.category = category_outcomes.category
    group by product_shares.snapshot_date, product_shares.half_life_days

),

half_lives as (

    select
        windows.snapshot_date,
        errors.half_life_days
    from windows
    inner join windows as earlier on windows.snapshot_date >= earlier.label_end_date
    inner join errors on earlier.snapshot_date = errors.snapshot_date
    group by windows.snapshot_date, errors.half_life_days
    qualify
        row_number() over (
            partition by windows.snapshot_date
            order by
                avg(cast(errors.weighted_error as decimal(18, 9))) asc,
                errors.half_life_days desc
        ) = 1

),

sums as (

    select
        windows.snapshot_date,
        sum(category_outcomes.unit_count) as unit_count,
        sum(category_outcomes.known_unit_count) as known_unit_count,
        cast(sum(cast(categories.expected_units as decimal(28, 6))) as double)
            as forecast_units,
        forecast_units * {{ prior_windows }} / count(distinct earlier.snapshot_date)
            as prior_units
    from windows
    inner join windows as earlier on windows.snapshot_date >= earlier.label_end_date
    inner join {{ ref('int_demand__categories') }} as categories
        on earlier.snapshot_date = categories.snapshot_date
    inner join category_outcomes
        on
            categories.snapshot_date = category_outcomes.snapshot_date
            and categories.category = category_outcomes.category
    group by windows.snapshot_date

)

select
    windows.snapshot_date,
    windows.snapshot_role,
    windows.label_end_date,
    coalesce(half_lives.half_life_days, {{ var('demand_half_lives_days') | max }})
        as half_life_days,
    coalesce(
        (sums.unit_count + sums.prior_units) / (sums.forecast_units + sums.prior_units), 1
    ) as category_correction,
    coalesce(
        (sums.known_unit_count + sums.prior_units) / (sums.forecast_units + sums.prior_units), 1
    ) as product_correction
from windows
left join half_lives on windows.snapshot_date = half_lives.snapshot_date
left join sums on windows.snapshot_date = sums.snapshot_date
