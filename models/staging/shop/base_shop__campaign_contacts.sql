{{ config(materialized='table') }}

with

raw_rows as (

    {{ raw_rows('campaign_contacts') }}

),

erased_customers as (

    select customer_id from {{ ref('base_shop__erasure_requests') }}

),

known_customers as (

    select customer_id from {{ ref('base_shop__known_customers') }}

),

checked as (

    select
        raw_rows.*,
        {{ customer_key('raw_rows.customer_id') }} as customer_key,
        {{ known_from('raw_rows.contacted_at') }} as known_from,
        case
            when len(raw_rows.uncastable_columns) > 0 then 'uncastable_value'
            when raw_rows.campaign_id is null then 'missing_campaign_id'
            when raw_rows.customer_id is null then 'missing_customer_id'
            when raw_rows.contacted_at is null then 'missing_contacted_at'
            when
                raw_rows.contacted_at < date '{{ var("earliest_plausible_date") }}'
                then 'implausible_date'
            when known_customers.customer_id is null then 'unknown_customer'
        end as rule_reason
    from raw_rows
    left join known_customers
        on raw_rows.customer_id = known_customers.customer_id
    where not {{ is_erased('raw_rows.customer_id') }}

),

{{ with_versions(
    'campaign_contacts', ['campaign_id', 'customer_id', 'channel', 'contacted_at']
) }}

select * from judged
