{%- set table_names = [
    'customers', 'products', 'orders', 'order_items', 'returns', 'events',
    'reviews', 'campaign_contacts', 'erasure_requests', 'labelled_customers'
] -%}

with

raw_counts as (

    {%- for table_name in table_names %}
    select
        '{{ table_name }}' as table_name,
        count(*) as row_count
    from {{ ref('typed_shop__' ~ table_name) }}
    {%- if not loop.last %}

    union all
    {% endif %}
    {%- endfor %}

),

judged_counts as (

    {%- for table_name in table_names %}
    select
        '{{ table_name }}' as table_name,
        coalesce(rejection_reason, 'kept') as outcome,
        count(*) as row_count
    from {{ ref('base_shop__' ~ table_name) }}
    group by all

    union all
    {% endfor %}
    select
        'loaded_files' as table_name,
        reason as outcome,
        count(*) as row_count
    from {{ ref('base_shop__rejected_rows') }}
    group by all

),

judged_totals as (

    select
        table_name,
        sum(row_count) as row_count
    from judged_counts
    group by table_name

),

erased_counts as (

    select
        raw_counts.table_name,
        'erased' as outcome,
        raw_counts.row_count - coalesce(judged_totals.row_count, 0) as row_count
    from raw_counts
    left join judged_totals
        on raw_counts.table_name = judged_totals.table_name
    where raw_counts.row_count != coalesce(judged_totals.row_count, 0)

)

select
    table_name,
    outcome,
    cast(row_count as bigint) as row_count
from judged_counts

union all

select
    table_name,
    outcome,
    cast(row_count as bigint) as row_count
from erased_counts
