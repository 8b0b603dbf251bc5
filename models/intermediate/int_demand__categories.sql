{{ config(materialized='table') }}

-- materialised: units that segments are expected to order, times the season, combined with the
-- moving average: errors of forecasts that err differently cancel (Bates and Granger 1969)
{%- set average_weight = var('demand_average_weight') %}

with

windows as (

    select * from {{ ref('int_demand__windows') }}

),

expected as (

    select * from {{ ref('int_demand__segment_units') }}

),

seasons as (

    select
        windows.snapshot_date,
        case
            when windows.has_season
                then sum(histories.season_units) / nullif(sum(histories.reference_season_units), 0)
        end as seasonal_factor
    from windows
    inner join {{ ref('int_demand__histories') }} as histories
        on windows.snapshot_date = histories.snapshot_date
    group by windows.snapshot_date, windows.has_season

),

averages as (

    select
        snapshot_date,
        category,
        cast(sum(cast(moving_average_units as decimal(28, 6))) as double) as unit_count
    from {{ ref('int_demand__histories') }}
    group by snapshot_date, category

),

combined as (

    select
        expected.snapshot_date,
        expected.category,
        any_value(seasons.seasonal_factor) as seasonal_factor,
        cast(sum(cast(expected.unit_count as decimal(28, 9))) as double) as segment_units,
        cast(
            coalesce(
                sum(cast(expected.unit_count as decimal(28, 9))) filter (where expected.is_new), 0
            ) as double
        ) as newcomer_units,
        (1 - {{ average_weight }}) * segment_units
        * coalesce(any_value(seasons.seasonal_factor), 1)
        + {{ average_weight }} * any_value(averages.unit_count) as expected_units
    from expected
    inner join seasons on expected.snapshot_date = seasons.snapshot_date
    inner join averages
        on
            expected.snapshot_date = averages.snapshot_date
            and expected.category = averages.category
    group by expected.snapshot_date, expected.category

)

select
    snapshot_date,
    category,
    seasonal_factor,
    expected_units,
    expected_units * newcomer_units / nullif(segment_units, 0) as new_customer_units
from combined
