{{ config(materialized='table', schema='vault') }}

select
    customer_id,
    customer_key
from {{ ref('base_shop__known_customers') }}
