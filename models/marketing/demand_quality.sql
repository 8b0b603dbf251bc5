-- intervals of weighted errors over products or categories, by the delta method for a ratio of sums
{%- set normal_quantile = 1.959963984540054 %}
{%- set methods = {
    'forecast': 'expected_units',
    'last_period': 'last_period_units',
    'moving_average': 'moving_average_units',
} %}

with

forecasts as (

    select * from {{ ref('int_demand__intervals') }}
    where snapshot_role = 'test'

),

errors as (
    {% for method, column_name in methods.items() %}
    select
        snapshot_date,
        grain,
        '{{ method }}' as method,  -- noqa: RF04
        unit_count,
        abs(unit_count - {{ column_name }}) as absolute_error,
        {{ column_name }} - unit_count as error
    from forecasts
    {{ "union all by name" if not loop.last }}
    {%- endfor %}

),

totals as (

    select
        snapshot_date,
        grain,
        method,
        cast(sum(cast(absolute_error as decimal(28, 6))) as double)
        / nullif(cast(sum(cast(unit_count as decimal(28, 6))) as double), 0) as wape,
        cast(sum(cast(error as decimal(28, 6))) as double)
        / nullif(cast(sum(cast(unit_count as decimal(28, 6))) as double), 0) as bias,
        count(*) as item_count
    from errors
    group by snapshot_date, grain, method

),

spreads as (

    select
        totals.*,
        case when any_value(totals.item_count) > 1 then 1 end * sqrt(
            cast(
                sum(
                    cast(
                        pow(errors.absolute_error - totals.wape * errors.unit_count, 2)
                        as decimal(38, 6)
                    )
                ) as double
            )
        ) / nullif(cast(sum(cast(errors.unit_count as decimal(28, 6))) as double), 0)
            as wape_error
    from totals
    inner join errors on totals.grain = errors.grain and totals.method = errors.method
    group by all

),

measures as (

    select
        grain,
        method,
        'wape' as metric,
        wape as metric_value,
        wape_error as standard_error,
        snapshot_date,
        item_count
    from spreads
    union all by name
    select
        grain,
        method,
        'bias' as metric,
        bias as metric_value,
        snapshot_date,
        item_count
    from spreads
    union all by name
    select
        grain,
        'forecast' as method,  -- noqa: RF04
        'interval_coverage' as metric,
        avg(cast(unit_count between low_units and high_units as integer))
            as metric_value,
        snapshot_date,
        count(*) as item_count
    from forecasts
    where low_units is not null
    group by grain, snapshot_date

)

select
    'demand: ' || grain as subject,
    method,
    metric,
    metric_value as value,  -- noqa: RF04
    metric_value - {{ normal_quantile }} * standard_error as ci_low,
    metric_value + {{ normal_quantile }} * standard_error as ci_high,
    snapshot_date,
    item_count
from measures
where metric_value is not null
