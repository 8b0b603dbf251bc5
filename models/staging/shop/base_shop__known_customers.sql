{{ config(materialized='table') }}

-- whoever has a customer row or an order; behaviour of anybody else is an orphan
select
    customer_id,
    customer_key
from {{ ref('base_shop__customers') }}
where rejection_reason is null

union

select
    customer_id,
    customer_key
from {{ ref('base_shop__orders') }}
where rejection_reason is null
