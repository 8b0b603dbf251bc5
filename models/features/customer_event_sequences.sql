{{ config(
    materialized='incremental_by_snapshot',
    on_schema_change='fail',
    pre_hook="{{ forget_replaced_snapshots() }}"
) }}

{#- The events of a customer are ordered once and cut off at each snapshot. -#}
with

eligible as (

    select * from {{ ref('int_customer_snapshots__eligible') }}

),

histories as (

    select
        customer_key,
        list(
            struct_pack(
                known_from := known_from,
                known_until := known_until,
                occurred_date := cast(occurred_at as date),
                event_type := event_type,
                category := category,
                log_amount := log_amount
            )
            order by occurred_at, event_type, event_id, log_amount
        ) as events
    from {{ ref('int_customer_events__versions') }}
    group by customer_key

),

known_events as (

    select
        eligible.customer_key,
        eligible.snapshot_date,
        list_filter(
            histories.events,
            lambda event: {{ is_known_at('event', 'eligible.snapshot_date') }}
        )[-{{ var('sequence_length') }}:] as events
    from eligible
    inner join histories on eligible.customer_key = histories.customer_key

)

select
    known_events.customer_key,
    known_events.snapshot_date,
    cast(len(known_events.events) as integer) as event_count,
    list_transform(known_events.events, lambda event: event.event_type) as event_types,
    list_transform(known_events.events, lambda event: event.category) as categories,
    list_transform(known_events.events, lambda event: event.log_amount) as log_amounts,
    list_transform(
        known_events.events,
        lambda event: cast(known_events.snapshot_date - event.occurred_date as integer)
    ) as days_before_snapshot
from known_events
