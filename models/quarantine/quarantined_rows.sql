{%- set row_keys = {
    'customers': 'customer_id',
    'products': 'product_id',
    'orders': 'order_id',
    'order_items': "concat_ws('/', order_id, line_number)",
    'returns': 'return_id',
    'events': 'event_id',
    'reviews': 'review_id',
    'campaign_contacts': "concat_ws('/', campaign_id, customer_id)",
    'labelled_customers': 'user_id',
} -%}

{% for table_name, row_key in row_keys.items() %}
select
    '{{ table_name }}' as table_name,
    {{ row_key }} as row_key,
    rejection_reason,
    raw_row
from {{ ref('base_shop__' ~ table_name) }}
where rejection_reason is not null

union all
{% endfor %}
-- a rejected erasure request is counted, but nothing of the person is kept
select
    'erasure_requests' as table_name,
    null as row_key,
    rejection_reason,
    null as raw_row
from {{ ref('base_shop__erasure_requests') }}
where rejection_reason is not null

union all

select
    'loaded_files' as table_name,
    concat_ws('#', source_file, row_number) as row_key,
    reason as rejection_reason,
    raw_row
from {{ ref('base_shop__rejected_rows') }}
