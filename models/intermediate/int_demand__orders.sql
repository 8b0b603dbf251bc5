-- orders to expect of each segment: of its customers as of the snapshot by their prediction, else
-- at the rate of the segment in the reference window; as many newcomers as there were in it
with

windows as (

    select * from {{ ref('int_demand__windows') }}

),

rates as (

    select distinct
        snapshot_date,
        segment_name,
        is_new,
        customer_count,
        order_count,
        buyer_count
    from {{ ref('int_demand__rates') }}

),

shop_rates as (

    select
        snapshot_date,
        sum(order_count) / nullif(sum(customer_count), 0) as orders_per_customer,
        sum(order_count) / nullif(sum(buyer_count), 0) as orders_per_buyer
    from rates
    where not is_new
    group by snapshot_date

),

customers as (

    select
        segments.snapshot_date,
        segments.rfm_segment,
        predictions.purchase_probability
    from {{ ref('rfm_segments') }} as segments
    inner join windows on segments.snapshot_date = windows.snapshot_date
    left join {{ ref('stg_segml__segment_predictions') }} as predictions
        on
            windows.snapshot_role = 'scoring'
            and segments.snapshot_date = predictions.snapshot_date
            and segments.customer_key = predictions.customer_key

),

expected as (

    select
        customers.snapshot_date,
        customers.rfm_segment as segment_name,
        false as is_new,
        cast(
            sum(
                cast(
                    coalesce(
                        customers.purchase_probability
                        * coalesce(
                            rates.order_count / rates.buyer_count, shop_rates.orders_per_buyer
                        ),
                        rates.order_count / rates.customer_count,
                        case when rates.customer_count > 0 then 0 end,
                        shop_rates.orders_per_customer,
                        0
                    ) as decimal(18, 9)
                )
            ) as double
        ) as order_count
    from customers
    left join shop_rates on customers.snapshot_date = shop_rates.snapshot_date
    left join rates
        on
            customers.snapshot_date = rates.snapshot_date
            and customers.rfm_segment = rates.segment_name
    group by customers.snapshot_date, customers.rfm_segment

)

select * from expected

union all by name

select
    snapshot_date,
    segment_name,
    is_new,
    cast(order_count as double) as order_count
from rates
where is_new
