-- a customer or product row with one bad value is kept without that value
with

customers as (

    select * from {{ ref('base_shop__customers') }}
    where rejection_reason is null

),

products as (

    select * from {{ ref('base_shop__products') }}
    where rejection_reason is null

),

labelled_customers as (

    select * from {{ ref('base_shop__labelled_customers') }}
    where rejection_reason is null

),

uncastable as (
    {% for table_name, key in {
        'customers': 'customer_id',
        'products': 'product_id',
        'labelled_customers': 'user_id',
    }.items() %}
    select
        '{{ table_name }}' as table_name,
        {{ key }} as row_key,
        unnest(uncastable_columns) as column_name,
        'uncastable_value' as reason,
        null as found_value
    from {{ table_name }}
    {{ "union all" if not loop.last }}
    {% endfor %}
),

impossible as (

    select
        'customers' as table_name,
        customer_id as row_key,
        'age' as column_name,
        cast(age as varchar) as found_value
    from customers
    where
        age not between {{ var('minimum_age_years') }}
        and {{ var('maximum_age_years') }}

    union all

    select
        'customers' as table_name,
        customer_id as row_key,
        'birth_date' as column_name,
        cast(birth_date as varchar) as found_value
    from customers
    where
        birth_date < date '1900-01-01'
        or birth_date > cast(coalesce(registered_at, timestamp '2100-01-01') as date)

    union all

    select
        'customers' as table_name,
        customer_id as row_key,
        'annual_income' as column_name,
        cast(annual_income as varchar) as found_value
    from customers
    where annual_income not between 0 and {{ var('maximum_annual_income') }}
    {%- for column_name in [
        'unit_price', 'unit_cost', 'stock_on_hand', 'lead_time_days'
    ] %}

    union all

    select
        'products' as table_name,
        product_id as row_key,
        '{{ column_name }}' as column_name,
        cast({{ column_name }} as varchar) as found_value
    from products
    where {{ column_name }} < 0
    {%- endfor %}
    {%- for column_name, limits in labelled_value_limits().items() %}

    union all

    select
        'labelled_customers' as table_name,
        user_id as row_key,
        '{{ column_name }}' as column_name,
        cast({{ column_name }} as varchar) as found_value
    from labelled_customers
    where {{ is_impossible_value(column_name, limits[0], limits[1]) }}
    {%- endfor %}

)

select
    table_name,
    row_key,
    column_name,
    reason,
    found_value
from uncastable

union all

select
    table_name,
    row_key,
    column_name,
    'impossible_value' as reason,
    found_value
from impossible
