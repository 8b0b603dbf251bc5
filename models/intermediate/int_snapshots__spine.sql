{{ config(materialized='table') }}

{#- Every snapshot that is built: as_of_date to score, and labelled ones before it. These lie on
    a fixed calendar grid, so that tomorrow's run finds today's snapshots again. #}
{%- set step_days = var('snapshot_step_days') -%}
{%- set horizon_days = var('horizon_days') -%}

with

orders as (

    select * from {{ ref('int_orders__completed') }}

),

scoring_date as (

    {%- if var('as_of_date') %}
    select date '{{ var("as_of_date") }}' as as_of_date
    {%- else %}
    select max(ordered_date) + 1 as as_of_date from orders
    {%- endif %}

),

-- an old order that is loaded after as_of_date cannot lengthen the history
time_span as (

    select
        scoring_date.as_of_date,
        min(orders.ordered_date) as first_order_date
    from scoring_date
    left join orders on scoring_date.as_of_date > orders.known_from
    group by scoring_date.as_of_date

),

candidates as (

    select
        first_order_date,
        as_of_date,
        as_of_date as snapshot_date
    from time_span

    union all

    select
        time_span.first_order_date,
        time_span.as_of_date,
        {{ last_grid_date(
            'time_span.as_of_date - ' ~ horizon_days, var('snapshot_anchor_date'), step_days
        ) }} - {{ step_days }} * cast(steps.steps_back as integer) as snapshot_date
    from time_span
    cross join range({{ var('snapshot_count') }}) as steps (steps_back)

),

snapshots as (

    select
        snapshot_date,
        as_of_date,
        snapshot_date + {{ horizon_days }} as label_end_date,
        snapshot_date < as_of_date as is_labelled
    from candidates
    where
        snapshot_date = as_of_date
        or snapshot_date - {{ var('minimum_history_days') }} >= first_order_date

),

tests as (

    select max(snapshot_date) as test_date
    from snapshots
    where is_labelled

),

bounds as (

    select
        tests.test_date,
        max(snapshots.snapshot_date) as validation_date
    from tests
    left join snapshots
        on
            tests.test_date >= snapshots.label_end_date
            and snapshots.is_labelled
    group by tests.test_date

)

-- train and validation labels end before the test snapshot begins; the labelled snapshots in
-- between are under embargo while models are compared, and used for the final fit only
select
    snapshots.snapshot_date,
    snapshots.as_of_date,
    snapshots.label_end_date,
    {{ horizon_days }} as horizon_days,
    snapshots.is_labelled,
    case
        when not snapshots.is_labelled then 'scoring'
        when snapshots.snapshot_date = bounds.test_date then 'test'
        when snapshots.snapshot_date = bounds.validation_date then 'validation'
        when snapshots.snapshot_date < bounds.validation_date then 'train'
        else 'embargo'
    end as snapshot_role
from snapshots
cross join bounds
where snapshots.snapshot_date is not null
