with

customers as (

    select * from {{ ref('labelled_customer_features') }}

),

predictions as (

    select * from {{ ref('stg_segml__labelled_predictions') }}

)

select
    customers.customer_key,
    case
        when customers.class_name is not null then customers.class_name
        when predictions.customer_key is not null then predictions.predicted_class
        else 'unscored'
    end as segment,
    case
        when customers.class_name is not null then 'given'
        when predictions.customer_key is not null then 'predicted'
        else 'unscored'
    end as segment_source,
    case when customers.class_name is null then predictions.probability end as probability,
    case when customers.class_name is null then predictions.class_probabilities end
        as class_probabilities,
    case when customers.class_name is null then predictions.reasons end as reasons,
    case when customers.class_name is null then predictions.model_version end as model_version,
    customers.age_band,
    customers.category,
    customers.income,
    customers.frequency,
    customers.purchase_amount,
    customers.review_count,
    customers.rating
from customers
left join predictions on customers.customer_key = predictions.customer_key
