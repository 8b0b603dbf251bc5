with

labelled_customers as (

    select * from {{ ref('int_labelled_customers__split') }}

),

age_bands as (

    select * from {{ ref('labelled_age_bands') }}

)

select
    ---------- ids
    labelled_customers.customer_key,

    ---------- outcome
    labelled_customers.split_role,
    labelled_customers.class_name,

    ---------- features
    labelled_customers.age,
    labelled_customers.income,
    labelled_customers.frequency,
    labelled_customers.purchase_amount,
    labelled_customers.review_count,
    labelled_customers.rating,
    labelled_customers.category,
    age_bands.age_band,
    labelled_customers.own_numbers,
    labelled_customers.own_texts
from labelled_customers
left join age_bands
    on
        labelled_customers.age >= age_bands.lower_edge
        and labelled_customers.age < age_bands.upper_edge
