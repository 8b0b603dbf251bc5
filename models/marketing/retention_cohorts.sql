with

activity as (

    select * from {{ ref('int_customer_months__activity') }}

),

scoring_snapshot as (

    select snapshot_date
    from {{ ref('snapshots') }}
    where snapshot_role = 'scoring'

),

cohort_customers as (

    select
        customer_key,
        min(month_start_date) as cohort_month_start_date
    from activity
    where is_buyer
    group by customer_key

),

cohorts as (

    select
        cohort_month_start_date,
        count(*) as customer_count,
        {{ is_too_few('count(*)', '1', 'cohort_month_start_date') }} as is_suppressed
    from cohort_customers
    group by cohort_month_start_date

),

cohort_months as (

    select
        cohorts.*,
        scoring_snapshot.snapshot_date as as_of_date,
        unnest(
            range(
                date_diff(
                    'month', cohorts.cohort_month_start_date, scoring_snapshot.snapshot_date - 1
                ) + 1
            )
        ) as months_since_first_order
    from cohorts
    cross join scoring_snapshot

),

measured as (

    select
        cohort_customers.cohort_month_start_date,
        activity.month_start_date,
        count(*) filter (where activity.is_buyer) as active_customer_count,
        sum(activity.net_revenue) as net_revenue
    from cohort_customers
    inner join activity on cohort_customers.customer_key = activity.customer_key
    group by cohort_customers.cohort_month_start_date, activity.month_start_date

),

filled as (

    select
        cohort_months.*,
        cast(
            cohort_months.cohort_month_start_date
            + to_months(cast(cohort_months.months_since_first_order as integer)) as date
        ) as month_start_date,
        coalesce(measured.active_customer_count, 0) as active_customer_count,
        coalesce(measured.net_revenue, 0) as net_revenue,
        sum(coalesce(measured.net_revenue, 0)) over (
            partition by cohort_months.cohort_month_start_date
            order by cohort_months.months_since_first_order
        ) as cumulative_net_revenue
    from cohort_months
    left join measured
        on
            cohort_months.cohort_month_start_date = measured.cohort_month_start_date
            and cohort_months.months_since_first_order = date_diff(
                'month', measured.cohort_month_start_date, measured.month_start_date
            )

)

select
    cohort_month_start_date,
    cast(months_since_first_order as integer) as months_since_first_order,
    month_start_date,
    month_start_date + interval 1 month <= as_of_date as is_complete_month,
    {%- for column_name, expression, data_type in [
        ('cohort_customer_count', 'customer_count', 'bigint'),
        ('active_customer_count', 'active_customer_count', 'bigint'),
        ('retention_rate', 'active_customer_count / customer_count', 'double'),
        ('net_revenue', 'net_revenue', 'decimal(38, 4)'),
        ('cumulative_net_revenue', 'cumulative_net_revenue', 'decimal(38, 4)'),
        ('cumulative_net_revenue_per_customer', 'cumulative_net_revenue / customer_count', 'double'),
    ] %}
    cast(case when not is_suppressed then {{ expression }} end as {{ data_type }})
        as {{ column_name }},
    {%- endfor %}
    is_suppressed
from filled
