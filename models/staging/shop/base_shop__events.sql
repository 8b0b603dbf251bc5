{{ config(materialized='table') }}

with

typed_rows as (

    select
        *,
        coalesce('customer ' || customer_id, 'session ' || session_id) as visitor_id,
        {{ known_from('occurred_at') }} as known_from
    from {{ ref('typed_shop__events') }}

),

erased_customers as (

    select customer_id from {{ ref('base_shop__erasure_requests') }}

),

known_customers as (

    select * from {{ ref('base_shop__known_customers') }}

),

-- a machine is judged by its day and by what was known together, so that neither a later day nor a
-- late load can change an earlier verdict
bot_days as (

    select
        visitor_id,
        cast(occurred_at as date) as occurred_date,
        cast(known_from as date) as known_date
    from typed_rows
    group by all
    having count(distinct event_id) > {{ var('bot_events_per_day') }}

),

checked as not materialized (

    select
        typed_rows.*,
        known_customers.customer_key,
        case
            when len(typed_rows.uncastable_columns) > 0 then 'uncastable_value'
            when typed_rows.event_id is null then 'missing_event_id'
            when typed_rows.event_type is null then 'missing_event_type'
            when typed_rows.occurred_at is null then 'missing_occurred_at'
            when typed_rows.occurred_at > typed_rows.loaded_at + interval 1 day then 'future_dated'
            when {{ is_implausible_date('typed_rows.occurred_at') }} then 'implausible_date'
            when bot_days.visitor_id is not null then 'bot'
            when
                typed_rows.customer_id is not null
                and known_customers.customer_id is null
                then 'unknown_customer'
        end as rule_reason
    from typed_rows
    left join bot_days
        on
            typed_rows.visitor_id = bot_days.visitor_id
            and cast(typed_rows.occurred_at as date) = bot_days.occurred_date
            and cast(typed_rows.known_from as date) = bot_days.known_date
    left join known_customers
        on typed_rows.customer_id = known_customers.customer_id
    where not {{ is_erased('typed_rows.customer_id') }}

),

{{ with_versions(['event_id']) }}

select * from judged
