{%- set tolerance = 1e-9 -%}

select
    customer_key,
    probability_low,
    probability_mid,
    probability_high,
    purchase_probability,
    churn_probability
from {{ ref('stg_segml__segment_predictions') }}
where
    not coalesce(
        abs(probability_low + probability_mid + probability_high - 1) <= {{ tolerance }}
        and abs(probability_mid + probability_high - purchase_probability) <= {{ tolerance }}
        and abs(probability_low - churn_probability) <= {{ tolerance }},
        false
    )
