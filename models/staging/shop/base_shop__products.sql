{{ config(materialized='table') }}

with

raw_rows as (

    {{ raw_rows('products') }}

),

checked as (

    select
        *,
        {{ known_from("timestamp '1900-01-01'") }} as known_from,
        case when product_id is null then 'missing_product_id' end as rule_reason
    from raw_rows

),

{{ with_versions('products', ['product_id']) }}

select * from judged
