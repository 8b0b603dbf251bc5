{{ config(materialized='table') }}

-- a table, because a view could only be read with the pseudonym key
with

erasure_requests as (

    select * from {{ ref('base_shop__erasure_requests') }}

)

-- the person is gone from every other table; what stays is that a request was honoured
select
    {{ customer_key('customer_id') }} as customer_key,
    requested_at
from erasure_requests
where rejection_reason is null
