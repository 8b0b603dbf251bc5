{{ config(materialized='table') }}

-- materialised: for plans and judgement. Earlier forecasts missed by so many standard deviations
-- of orders that come by chance, and in lumps, at an uncertain rate; quantiles of these misses
-- make the intervals, whatever the distribution is (split conformal prediction, Lei et al. 2018)
{%- set tail = (1 - var('demand_interval')) / 2 %}

with

forecasts as (

    select * from {{ ref('int_demand__forecasts') }}

),

earlier as (

    select
        learned.snapshot_date as target_date,
        forecasts.grain,
        forecasts.expected_units,
        forecasts.lump_units,
        forecasts.unit_count
    from {{ ref('int_demand__settings') }} as learned
    inner join forecasts on learned.snapshot_date >= forecasts.label_end_date
    where forecasts.expected_units > 0 and forecasts.unit_count is not null

),

dispersions as (

    select
        target_date,
        grain,
        greatest(
            cast(
                sum(
                    cast(
                        pow(unit_count - expected_units, 2) - lump_units * expected_units
                        as decimal(38, 6)
                    )
                ) as double
            ) / cast(sum(cast(pow(expected_units, 2) as decimal(38, 6))) as double), 0
        ) as overdispersion
    from earlier
    group by target_date, grain

),

misses as (

    select
        earlier.target_date,
        earlier.grain,
        dispersions.overdispersion,
        (earlier.unit_count - earlier.expected_units) / sqrt(
            earlier.lump_units * earlier.expected_units
            + dispersions.overdispersion * pow(earlier.expected_units, 2)
        ) as standardised_miss
    from earlier
    inner join dispersions
        on
            earlier.target_date = dispersions.target_date
            and earlier.grain = dispersions.grain

),

quantiles as (

    select
        target_date,
        grain,
        any_value(overdispersion) as overdispersion,
        quantile_cont(standardised_miss, {{ tail }}) as low_quantile,
        quantile_cont(standardised_miss, {{ 1 - tail }}) as high_quantile,
        quantile_cont(standardised_miss, {{ var('service_level') }}) as service_quantile
    from misses
    group by target_date, grain

)

select
    forecasts.*,
    sqrt(
        forecasts.lump_units * forecasts.expected_units
        + quantiles.overdispersion * pow(forecasts.expected_units, 2)
    ) as standard_deviation,
    {%- for column_name, quantile in [
        ('low_units', 'low_quantile'),
        ('high_units', 'high_quantile'),
    ] %}
    case
        when quantiles.grain is not null
            then greatest(
                forecasts.expected_units + quantiles.{{ quantile }} * standard_deviation, 0
            )
    end as {{ column_name }},
    {%- endfor %}
    case
        when quantiles.grain is not null
            then greatest(quantiles.service_quantile * standard_deviation, 0)
    end as safety_units
from forecasts
left join quantiles
    on
        forecasts.snapshot_date = quantiles.target_date
        and forecasts.grain = quantiles.grain
