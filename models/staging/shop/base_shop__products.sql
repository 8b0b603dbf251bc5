{{ config(materialized='table') }}

with

typed_rows as (

    select * from {{ ref('typed_shop__products') }}

),

checked as not materialized (

    select
        *,
        {{ known_from("timestamp '1900-01-01'") }} as known_from,
        case when product_id is null then 'missing_product_id' end as rule_reason
    from typed_rows

),

{{ with_versions(['product_id']) }}

select * from judged
