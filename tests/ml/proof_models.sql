-- Tiny stand-ins for the models of the dbt project (see test_dbt_proofs.py). `either` gives its first
-- argument in the sound world and its second in the broken one.

-- model: unique_rows
select 1 as a, null as b
union all
select 1 as a, {{ either('2', 'null') }} as b

-- model: filled_rows
select 1 as a, 2 as b
union all
select 3 as a, {{ either('4', 'null') }} as b

-- model: at_least_one
select 1.0 as a, null as b
union all
select {{ either('2', '0.99') }} as a, null as b

-- model: at_most_one
select {{ either('1', '1.01') }} as a

-- model: a_number
select cast('{{ either("0", "nan") }}' as double) as a

-- model: one_row
select 1 as a from range({{ either('1', '0') }})

-- model: one_row_only
select 1 as a from range({{ either('1', '2') }})

-- model: no_personal_column
select 'none' as {{ either('customer_key', 'email') }} where false

-- model: no_address
select '{{ either("a @ b.com", "write to ada@example.com") }}' as visit_id

-- model: no_address_in_a_list
select ['plain', '{{ either("twitter: @ada", "ada@example.com") }}'] as categories

-- model: no_telephone
select
    '{{ either("2024-01-20", "+49 (30) 901-820") }}' as last_channel,
    '0.0714286' as feature_value,
    '030901820' as order_id,
    '0309' as cell,
    '0.030901820' as feature_value

-- model: no_telephone_in_a_map
select map {'{{ either("size", "phone") }}': '{{ either("42", "+49 (30) 901-820") }}'} as own_texts

-- model: two_rows
select 1 as a from range({{ either('2', '1') }})

-- model: compared_rows
select 1 as a from range(2)

-- One row of each raw table is kept and one is erased; a third order is rejected.
-- model: raw_customers
select 'kept' as customer_id union all select 'erased' as customer_id

-- model: raw_products
select 'p1' as product_id

-- model: raw_orders
select
    'o1' as order_id, 'kept' as customer_id, '2024-01-20 10:00:00' as ordered_at, ' Paid ' as status,
    '1.5' as discount_amount
union all
select 'o2 ', ' erased ', 'infinity', '', 'much'
union all
select null, null, null, null, null

-- model: raw_order_items
select 'o1' as order_id union all select 'o2' as order_id

-- model: raw_returns
select 'o1' as order_id union all select 'o2' as order_id

-- model: raw_events
select 'kept' as customer_id union all select 'erased' as customer_id

-- model: raw_reviews
select 'kept' as customer_id union all select 'erased' as customer_id

-- model: raw_campaign_contacts
select 'kept' as customer_id union all select 'erased' as customer_id

-- model: stg_shop__customers
select
    '{{ ada }}' as customer_key,
    {{ either('true', 'null') }} as marketing_consent,
    cast(null as timestamp) as known_until

-- model: stg_shop__erasure_requests
select '{{ bob }}' as customer_key

-- model: stg_shop__products
select
    'p' as product_id,
    {{ either('3', '0') }} as stock_on_hand_units,
    timestamp '2024-01-01' as known_from,
    cast(null as timestamp) as known_until

-- model: stg_shop__orders
select
    '{{ ada }}' as customer_key,
    date '2024-01-20' as ordered_date,
    timestamp '2024-01-20 10:00:00' as ordered_at,
    timestamp '2024-01-20 10:00:00' as known_from,
    cast(null as timestamp) as known_until

-- model: stg_shop__order_items
select 1 as a

-- model: stg_shop__returns
select 1 as a

-- model: stg_shop__events
select 1 as a

-- model: stg_shop__reviews
select 1 as a

-- model: stg_shop__campaign_contacts
select 1 as a

-- model: stg_shop__labelled_customers
select 1 as a

-- model: quarantined_rows
select 'orders' as table_name from range({{ either('1', '0') }})

-- model: snapshots
select date '2024-01-31' as snapshot_date, 'scoring' as snapshot_role

-- model: int_orders__completed
select
    '{{ ada }}' as customer_key,
    date '2024-01-20' as ordered_date,
    10.05 as order_revenue,
    timestamp '2024-01-20 10:00:00' as known_from,
    cast(null as timestamp) as known_until

-- model: int_refunds__by_order
select
    '{{ ada }}' as customer_key,
    0.05 as refund_amount,
    timestamp '2024-01-25' as known_from,
    cast(null as timestamp) as known_until

-- model: segment_kpis
select {{ either('10.00', '9.99') }} as net_revenue

-- model: retention_cohorts
select
    date '2024-01-01' as cohort_month_start_date,
    0 as months_since_first_order,
    10.00 as net_revenue,
    {{ either('10.00', '10.05') }} as cumulative_net_revenue,
    false as is_suppressed

-- model: rfm_group_map
select 'Recent' as rfm_group

-- model: campaign_playbook
select 'k1' as campaign_id, ' Loyal |Recent | Prospects' as rfm_segments, 'unscored' as value_tiers
union all
select 'k2', null, {{ either('null', "'high|top'") }}

-- model: campaign_audiences
select '{{ ada }}' as customer_key

-- model: customer_segments
select '{{ ada }}' as customer_key, {{ either('10.0', '9.9') }}::double as net_revenue

-- model: segment_memberships
select 'all' as segment_type, '{{ ada }}' as customer_key from range({{ either('1', '2') }})

-- model: rfm_segments
select '{{ ada }}' as customer_key, date '2024-01-31' as snapshot_date
union all
select '{{ bob }}', date '2023-12-31'

-- model: segment_migration
select
    'rfm_segment' as segment_type,
    date '2024-01-31' as to_date,
    2 as customer_count,
    {{ either('4', '3.99') }} as revenue_after,
    false as is_suppressed

-- model: stg_segml__scorings
select date '2024-01-31' as snapshot_date, true as is_latest

-- model: stg_segml__segment_predictions
select
    '{{ either(ada, bob) }}' as customer_key,
    date '2024-01-31' as snapshot_date,
    0.5 as probability_low,
    0.3 as probability_mid,
    0.2 as probability_high,
    {{ either('0.5', '0.50001') }} as purchase_probability,
    0.5 as churn_probability

-- model: rfm_segment_map
select
    recency.score as recency_score,
    frequency.score as frequency_score,
    'Loyal' as rfm_segment
from range(1, 6) as recency (score)
cross join range(1, 6) as frequency (score)
where recency.score + frequency.score < {{ either('11', '10') }}

-- model: customer_features
select
    '{{ ada }}' as customer_key,
    date '2024-01-31' as snapshot_date,
    1 as order_count,
    4.0 as net_revenue_365d,
    {{ either('11', '10') }} as recency_days,
    11 as tenure_days,
    1 as days_since_last_event,
    3 as days_since_last_cart,
    null as days_since_last_review,
    null as last_purchase_gap_days,
    null as maximum_purchase_gap_days,
    {%- for measure in ['order', 'unit', 'event', 'session', 'cart', 'search'] %}
    1 as {{ measure }}_count_30d,
    1 as {{ measure }}_count_90d,
    1 as {{ measure }}_count_365d,
    {%- endfor %}
    0 as review_count,
    0 as review_count_365d

-- model: feature_bins
select 'age_years' as feature, [20.0, {{ either('30.0', '20.0') }}] as edges

-- model: model_input_bins
select 'order_count' as feature, [1.0, {{ either('2.0', '1.0') }}] as edges

-- model: product_recommendations
select '{{ ada }}' as customer_key, 'p' as product_id, date '2024-01-31' as as_of_date
from range({{ either('1', '0') }})

-- model: segment_recommendations
select 'p' as product_id, date '2024-01-31' as as_of_date

-- model: int_snapshots__spine
select date '2024-01-31' as snapshot_date, 'scoring' as snapshot_role

-- model: int_recommendations__assortment
select date '2024-01-31' as snapshot_date, unnest(['p', 'q']) as product_id

-- model: int_recommendations__histories
select '{{ ada }}' as customer_key, date '2024-01-31' as snapshot_date, 'q' as product_id

-- model: int_demand__settings
select date '2024-01-31' as snapshot_date, 2.0 as product_correction, 4.0 as category_correction

-- model: int_demand__forecasts
select
    date '2024-01-31' as snapshot_date,
    'tea' as category,
    unnest(['category', 'product', 'product']) as grain,
    unnest([20.0, 6.0, {{ either('4.0', '5.0') }}]) as expected_units

-- What the macros for raw tables make of them; not under any data test.
-- model: typed_orders
{{ raw_rows('orders') }}

-- model: typed_rejected_rows
{{ raw_rows('rejected_rows') }}

-- model: judged_orders
with

checked as (

    select
        'o1' as order_id,
        status,
        cast(null as timestamp) as loaded_at,
        struct_pack(status := status) as typed_row,
        hash(status) as content_hash,
        hash(status) as row_fingerprint,
        cast(null as json) as original_row,
        timestamp '2024-01-20' as known_from,
        cast(null as varchar) as rule_reason
    from (select unnest(['a', 'c', 'b', 'c']) as status)

),

{{ with_versions(['order_id']) }}

select * from judged
