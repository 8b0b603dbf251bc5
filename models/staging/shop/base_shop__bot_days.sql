{{ config(materialized='table') }}

-- a machine is judged by its day and by what was known together, so that neither a later day nor a
-- late load can change an earlier verdict
with

erased_customers as (

    select customer_id from {{ ref('base_shop__erasure_requests') }}

),

visits as (

    select
        event_id,
        {{ visitor_id() }} as visitor_id,
        cast(occurred_at as date) as occurred_date,
        cast({{ known_from('occurred_at') }} as date) as known_date
    from {{ ref('typed_shop__events') }}
    where not {{ is_erased('customer_id') }}

),

-- telling ids apart costs much more than counting rows: only where there are enough of them
busy_days as (

    select hash(visitor_id, occurred_date, known_date) as day_hash
    from visits
    group by day_hash
    having count(*) > {{ var('bot_events_per_day') }}

)

select
    visitor_id,
    occurred_date,
    known_date
from visits
where
    visitor_id is not null
    and hash(visitor_id, occurred_date, known_date) in (select busy_days.day_hash from busy_days)
group by all
having count(distinct event_id) > {{ var('bot_events_per_day') }}
