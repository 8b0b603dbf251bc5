-- counted on the raw tables themselves, so that no model can lose a row and its count alike
{%- set owners = {
    'customers': 'customer_id',
    'products': none,
    'orders': 'customer_id',
    'order_items': 'order_id',
    'returns': 'order_id',
    'events': 'customer_id',
    'reviews': 'customer_id',
    'campaign_contacts': 'customer_id',
    'labelled_customers': 'user_id',
} %}
{%- set orders = raw_relation('orders') %}
{%- set requests = raw_relation('erasure_requests') %}
{%- set has_requests = execute and raw_column_types(requests) %}

with

erased_customers as (

    {%- if has_requests %}
    select nullif(trim(cast(customer_id as varchar)), '') as id from {{ requests }}
    {%- else %}
    select null as id where false
    {%- endif %}

),

erased_orders as (

    {%- if has_requests %}
    select distinct nullif(trim(cast(order_id as varchar)), '') as id
    from {{ orders }}
    where nullif(trim(cast(customer_id as varchar)), '') in (select id from erased_customers)
    {%- else %}
    select null as id where false
    {%- endif %}

),

raw_counts as (
    {% for table_name, owner in owners.items() %}
    {%- set relation = raw_relation(table_name) %}
    {%- set raw_types = raw_column_types(relation) if execute else {} %}
    select
        '{{ table_name }}' as table_name,
        count(*) as raw_count,
        {%- if owner in raw_types %}
        count(*) filter (
            where
            nullif(trim(cast({{ owner }} as varchar)), '')
            in (select id from erased_{{ 'orders' if owner == 'order_id' else 'customers' }})
        ) as erased_count
        {%- else %}
        0 as erased_count
        {%- endif %}
    {%- if raw_types %}
    from {{ relation }}
    {%- else %}
    from (select 1) where false
    {%- endif %}
    {{ "union all" if not loop.last }}
    {% endfor %}
),

kept_counts as (
    {% for table_name in owners %}
    select
        '{{ table_name }}' as table_name,
        count(*) as kept_count
    from {{ ref('stg_shop__' ~ table_name) }}
    {{ "union all" if not loop.last }}
    {% endfor %}
),

quarantined_counts as (

    select
        table_name,
        count(*) as quarantined_count
    from {{ ref('quarantined_rows') }}
    group by table_name

)

select
    raw_counts.table_name,
    raw_counts.raw_count,
    raw_counts.erased_count,
    kept_counts.kept_count,
    quarantined_counts.quarantined_count
from raw_counts
inner join kept_counts on raw_counts.table_name = kept_counts.table_name
left join quarantined_counts on raw_counts.table_name = quarantined_counts.table_name
where
    raw_counts.raw_count
    != raw_counts.erased_count
    + kept_counts.kept_count
    + coalesce(quarantined_counts.quarantined_count, 0)
