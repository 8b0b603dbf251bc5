with

customers as (

    select * from {{ ref('int_customers__current') }}

),

features as (

    select * from {{ ref('customer_features') }}

),

-- who has not ordered for so long that there are no features has a past, too
histories as (

    select
        customer_key,
        sum(order_count) as order_count,
        sum(net_revenue) as net_revenue
    from {{ ref('int_customer_months__activity') }}
    group by customer_key
    having sum(order_count) > 0

),

demographics as (

    select * from {{ ref('int_customer_snapshots__demographics') }}

),

predictions as (

    select * from {{ ref('stg_segml__segment_predictions') }}

),

-- several features can say the same, such as that there was no order to judge by
reason_sentences as (

    select
        customer_key,
        reason_text || ': ' || direction || ' the chance to buy' as sentence,
        min(reason_rank) as reason_rank
    from {{ ref('stg_segml__prediction_reasons') }}
    group by customer_key, reason_text, direction

),

reasons as (

    select
        customer_key,
        list(sentence order by reason_rank) as top_reasons
    from reason_sentences
    group by customer_key

)

select
    ---------- who, and in which segments
    customers.customer_key,
    customers.snapshot_date as as_of_date,
    customers.rfm_segment,
    customers.rfm_cell,
    coalesce(predictions.value_tier, 'unscored') as value_tier,
    predictions.cluster_name,

    ---------- outlook
    predictions.purchase_probability,
    predictions.churn_probability,
    predictions.probability_low,
    predictions.probability_mid,
    predictions.probability_high,
    predictions.expected_net_revenue,
    predictions.value_rank,
    reasons.top_reasons,

    ---------- history
    customers.first_order_date,
    customers.last_order_date,
    features.recency_days,
    features.tenure_days,
    coalesce(features.order_count, cast(histories.order_count as integer)) as order_count,
    coalesce(features.net_revenue, cast(histories.net_revenue as double)) as net_revenue,
    features.average_order_revenue,
    features.purchase_gap_mean_days,
    features.overdue_ratio,
    features.top_category,
    features.last_channel,
    features.rating_mean,
    features.is_wholesale,

    ---------- profile
    features.age_band,
    features.income_bin,
    demographics.gender,
    demographics.country,
    coalesce(demographics.has_marketing_consent, false) as has_marketing_consent,

    ---------- freshness
    predictions.model_version,
    predictions.snapshot_date as prediction_snapshot_date,
    predictions.scored_at,
    coalesce(predictions.snapshot_date = customers.snapshot_date, false)
        as is_prediction_current
from customers
left join features
    on
        customers.customer_key = features.customer_key
        and customers.snapshot_date = features.snapshot_date
left join histories on customers.customer_key = histories.customer_key
left join demographics
    on
        customers.customer_key = demographics.customer_key
        and customers.snapshot_date = demographics.snapshot_date
left join predictions on customers.customer_key = predictions.customer_key
left join reasons on customers.customer_key = reasons.customer_key
