{%- set window_days = [7, 30, 60, 90, 180, 365] -%}

with

orders as (

    select * from {{ ref('int_orders__completed') }}

),

snapshots as (

    select * from {{ ref('int_snapshots__to_build') }}

),

known_orders as (

    select
        snapshots.snapshot_date,
        cast(snapshots.snapshot_date - orders.ordered_date as integer) as age_days,
        orders.*
    from snapshots
    inner join orders
        on
            snapshots.snapshot_date > orders.ordered_date
            and {{ is_known_at('orders', 'snapshots.snapshot_date') }}

)

-- money is decimal, so that no order of rows matters; lists are sorted for the same reason
select
    customer_key,
    snapshot_date,
    min(age_days) as recency_days,
    max(age_days) as tenure_days,
    cast(count(*) as integer) as order_count,
    sum(order_revenue) as order_revenue,
    sum(discount_amount) as discount_amount,
    sum(unit_count) as unit_count,
    max(order_revenue) as maximum_order_revenue,
    max(unit_count) as maximum_order_units,
    arg_max(order_revenue, (ordered_at, order_id)) as last_order_revenue,
    arg_max(channel, (ordered_at, order_id)) as last_channel,
    count(*) filter (where discount_amount > 0) as discounted_order_count,
    count(*) filter (where isodow(ordered_date) >= 6) as weekend_order_count,
    {%- for days in window_days %}
    cast(count(*) filter (where age_days <= {{ days }}) as integer) as order_count_{{ days }}d,
    {%- for measure in ['order_revenue', 'discount_amount', 'unit_count'] %}
    coalesce(sum({{ measure }}) filter (where age_days <= {{ days }}), 0)
        as {{ measure }}_{{ days }}d,
    {%- endfor %}
    {%- endfor %}
    list_sort(list(cast(order_revenue as double))) as order_revenues,
    list_sort(list_distinct(list(ordered_date))) as order_dates
from known_orders
group by customer_key, snapshot_date
