-- what past scorings were worth once their horizon had passed: means over customers with standard
-- errors, and the measures of ranks and calibration. Sums are taken over decimals: exact, so that
-- no order of rows matters
{%- set means = {
    'log_loss': 'ln(1 / greatest(outcome_probability, 1e-15))',
    'accuracy': 'predicted_tier = value_tier',
    'base_rate_purchase': 'has_purchased',
    'mean_probability_purchase': 'purchase_probability',
    'brier_purchase': 'pow(purchase_probability - cast(has_purchased as integer), 2)',
    'mean_revenue': 'net_revenue',
    'mean_expected_revenue': 'expected_net_revenue',
    'bias_revenue': 'cast(expected_net_revenue as decimal(38, 4)) - net_revenue',
    'mae_revenue': 'abs(cast(expected_net_revenue as decimal(38, 4)) - net_revenue)',
} %}

with

outcomes as (

    select * from {{ ref('int_scorings__outcomes') }}

),

measures as (

    select
        {%- for metric, expression in means.items() %}
        cast({{ expression }} as decimal(38, 9)) as {{ metric }},
        {%- endfor %}
        scoring_id
    from outcomes

),

long_measures as (

    unpivot measures
    on {{ means.keys() | join(', ') }}
    into name metric value measure

),

metrics as (

    select
        scoring_id,
        metric,
        cast(sum(measure) as double) / count(*) as metric_value,
        sqrt(
            greatest(
                cast(sum(measure * measure) as double)
                - pow(cast(sum(measure) as double), 2) / count(*), 0
            ) / nullif(count(*) - 1, 0) / count(*)
        ) as standard_error
    from long_measures
    group by scoring_id, metric

    union all

    select
        scoring_id,
        'roc_auc_purchase' as metric,
        roc_auc as metric_value,
        roc_auc_error as standard_error
    from {{ ref('int_scorings__discrimination') }}

    union all

    select
        scoring_id,
        'lift_10_purchase' as metric,
        lift_10 as metric_value,
        null as standard_error
    from {{ ref('int_scorings__discrimination') }}

    union all

    select
        scoring_id,
        'ece_purchase' as metric,
        expected_calibration_error as metric_value,
        null as standard_error
    from {{ ref('int_scorings__calibration') }}

),

scorings as (

    select
        scoring_id,
        model_version,
        snapshot_date,
        count(*) as customer_count
    from outcomes
    group by scoring_id, model_version, snapshot_date

)

select
    scorings.scoring_id,
    scorings.model_version,
    scorings.snapshot_date,
    scorings.customer_count,
    metrics.metric,
    metrics.metric_value,
    metrics.standard_error
from scorings
inner join metrics on scorings.scoring_id = metrics.scoring_id
