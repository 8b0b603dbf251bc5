{{ config(
    materialized='incremental_by_part',
    part_key='event_id',
    part_facts="
        with
        erased_customers as (select customer_id from {{ ref('base_shop__erasure_requests') }}),
        events as (
            select
                event_id,
                customer_id,
                row_fingerprint,
                {{ visitor_id() }} as visitor_id,
                cast(occurred_at as date) as occurred_date,
                cast({{ known_from('occurred_at') }} as date) as known_date
            from {{ ref('typed_shop__events') }}
            where not {{ is_erased('customer_id') }}
        )
        select
            events.event_id,
            hash(
                events.row_fingerprint,
                bot_days.visitor_id is not null,
                known_customers.customer_id is not null
            ) as fact_hash
        from events
        left join {{ ref('base_shop__bot_days') }} as bot_days
            using (visitor_id, occurred_date, known_date)
        left join {{ ref('base_shop__known_customers') }} as known_customers using (customer_id)
    "
) }}

with

typed_rows as (

    select
        *,
        {{ visitor_id() }} as visitor_id,
        {{ known_from('occurred_at') }} as known_from
    from {{ ref('typed_shop__events') }}

),

erased_customers as (

    select customer_id from {{ ref('base_shop__erasure_requests') }}

),

known_customers as (

    select * from {{ ref('base_shop__known_customers') }}

),

bot_days as (

    select * from {{ ref('base_shop__bot_days') }}

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
