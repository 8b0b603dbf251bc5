-- one long shape for whatever is predicted, so that other subjects can be added as rows
{%- set normal_quantile = 1.959963984540054 %}
{%- set rule_quality = {'recommendation_quality': 'recommended', 'demand_quality': 'forecast'} %}

with

model_versions as (

    select * from {{ ref('stg_segml__model_versions') }}

),

latest_scoring as (

    select * from {{ ref('stg_segml__scorings') }}
    where is_latest

),

-- the model behind the scoring that is shown; before any scoring, the champion
served as (

    select model_versions.*
    from model_versions
    left join latest_scoring on model_versions.model_version = latest_scoring.model_version
    where latest_scoring.model_version is not null or model_versions.is_champion
    qualify
        row_number() over (
            order by
                latest_scoring.model_version is null asc,
                model_versions.as_of_date desc,
                model_versions.model_version asc
        ) = 1

),

tested as (

    select
        evaluation_metrics.model_name as method,  -- noqa: RF04
        evaluation_metrics.model_name = served.model_name as is_served,
        served.model_version,
        evaluation_metrics.split,
        evaluation_metrics.metric,
        evaluation_metrics.value,
        evaluation_metrics.ci_low,
        evaluation_metrics.ci_high,
        evaluation_metrics.snapshot_date as as_of,
        max(evaluation_metrics.value) filter (where evaluation_metrics.metric = 'example_count')
            over (
                partition by
                    evaluation_metrics.model_name,
                    evaluation_metrics.split,
                    evaluation_metrics.snapshot_date
            ) as customer_count
    from {{ ref('stg_segml__evaluation_metrics') }} as evaluation_metrics
    inner join served on evaluation_metrics.run_id = served.run_id

),

realised as (

    select
        model_versions.model_name as method,  -- noqa: RF04
        true as is_served,
        realised.model_version,
        'realised' as split,
        realised.metric,
        realised.metric_value as value,  -- noqa: RF04
        realised.metric_value - {{ normal_quantile }} * realised.standard_error as ci_low,
        realised.metric_value + {{ normal_quantile }} * realised.standard_error as ci_high,
        realised.snapshot_date as as_of,
        realised.customer_count
    from {{ ref('int_scorings__realised') }} as realised
    inner join model_versions on realised.model_version = model_versions.model_version
    where realised.customer_count >= {{ var('k_anonymity') }}

),

everything as (

    select
        'value tier' as subject,
        *
    from tested
    union all by name
    select
        'value tier' as subject,
        *
    from realised
    {%- for relation, served_method in rule_quality.items() %}
    union all by name
    select
        * exclude (snapshot_date),
        snapshot_date as as_of,
        'test' as split,
        method = '{{ served_method }}' as is_served
    from {{ ref(relation) }}
    {%- endfor %}

)

select
    subject,
    method,
    is_served,
    model_version,
    split,
    metric,
    value,
    ci_low,
    ci_high,
    as_of,
    cast(customer_count as bigint) as customer_count
from everything
where metric != 'example_count' and not isnan(value)
