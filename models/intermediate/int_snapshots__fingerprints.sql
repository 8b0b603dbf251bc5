-- what was known at each snapshot, as one number: the sum of the hashes of all facts visible then.
-- Sums of integers do not depend on the order of rows, and a version that ends takes its hash away
with

snapshots as (

    select * from {{ ref('int_snapshots__spine') }}

),

facts as (
    {% for relation, columns in {
        'int_orders__completed': [
            'order_id', 'customer_key', 'channel', 'ordered_at', 'order_revenue',
            'gross_revenue', 'discount_amount', 'unit_count', 'line_fingerprint'
        ],
        'int_refunds__by_order': [
            'return_id', 'customer_key', 'ordered_date', 'refund_amount', 'quantity'
        ],
        'stg_shop__customers': [
            'customer_key', 'birth_date', 'age_years', 'gender', 'annual_income', 'country',
            'marketing_consent', 'consent_updated_at'
        ],
        'stg_shop__products': ['product_id', 'category'],
        'stg_shop__events': [
            'event_id', 'customer_key', 'session_id', 'product_id', 'event_type', 'occurred_at'
        ],
        'stg_shop__reviews': [
            'review_id', 'customer_key', 'product_id', 'rating', 'review_text_characters',
            'reviewed_at'
        ],
        'stg_shop__campaign_contacts': [
            'campaign_id', 'customer_key', 'channel', 'is_control', 'contacted_at'
        ]
    }.items() %}
    select
        cast(known_from as date) as known_from_date,
        cast(known_until as date) as known_until_date,
        cast(hash('{{ relation }}', {{ columns | join(', ') }}) as hugeint) as fact_hash
    from {{ ref(relation) }}
    {{ "union all" if not loop.last }}
    {% endfor %}
),

changes as (

    select
        known_from_date as change_date,
        sum(fact_hash) as hash_change,
        count(*) as fact_change
    from facts
    group by known_from_date

    union all

    select
        known_until_date as change_date,
        -sum(fact_hash) as hash_change,
        -count(*) as fact_change
    from facts
    where known_until_date is not null
    group by known_until_date

)

select
    snapshots.snapshot_date,
    cast(coalesce(sum(changes.fact_change), 0) as bigint) as fact_count,
    md5(
        concat_ws(
            '|',
            cast(sum(changes.hash_change) as varchar),
            '{{ feature_code_fingerprint() }}'
        )
    ) as source_fingerprint
from snapshots
left join changes on snapshots.snapshot_date > changes.change_date
group by snapshots.snapshot_date
