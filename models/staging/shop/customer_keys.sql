{{ config(materialized='table', schema='vault') }}

select
    customer_id,
    customer_key
from {{ ref('base_shop__known_customers') }}

union

select
    user_id as customer_id,
    customer_key
from {{ ref('base_shop__labelled_customers') }}
where rejection_reason is null
