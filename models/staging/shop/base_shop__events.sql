{{ config(materialized='table') }}

with

raw_rows as (

    {{ raw_rows('events') }}

),

erased_customers as (

    select customer_id from {{ ref('base_shop__erasure_requests') }}

),

known_customers as (

    select customer_id from {{ ref('base_shop__known_customers') }}

),

-- a machine is judged by its day, so that a later day cannot change an earlier verdict
bot_days as (

    select
        coalesce(customer_id, session_id) as visitor_id,
        cast(occurred_at as date) as occurred_date
    from raw_rows
    group by all
    having count(distinct event_id) > {{ var('bot_events_per_day') }}

),

checked as (

    select
        raw_rows.*,
        {{ customer_key('raw_rows.customer_id') }} as customer_key,
        {{ known_from('raw_rows.occurred_at') }} as known_from,
        case
            when len(raw_rows.uncastable_columns) > 0 then 'uncastable_value'
            when raw_rows.event_id is null then 'missing_event_id'
            when raw_rows.event_type is null then 'missing_event_type'
            when raw_rows.occurred_at is null then 'missing_occurred_at'
            when
                raw_rows.occurred_at < date '{{ var("earliest_plausible_date") }}'
                then 'implausible_date'
            when bot_days.visitor_id is not null then 'bot'
            when
                raw_rows.customer_id is not null
                and known_customers.customer_id is null
                then 'unknown_customer'
        end as rule_reason
    from raw_rows
    left join bot_days
        on
            coalesce(raw_rows.customer_id, raw_rows.session_id) = bot_days.visitor_id
            and cast(raw_rows.occurred_at as date) = bot_days.occurred_date
    left join known_customers
        on raw_rows.customer_id = known_customers.customer_id
    where not {{ is_erased('raw_rows.customer_id') }}

),

{{ with_versions('events', ['event_id']) }}

select * from judged
