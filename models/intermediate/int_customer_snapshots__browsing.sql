with

events as (

    select * from {{ ref('stg_shop__events') }}
    where customer_key is not null

),

snapshots as (

    select * from {{ ref('int_snapshots__spine') }}

),

known_events as (

    select
        events.customer_key,
        snapshots.snapshot_date,
        events.session_id,
        events.event_type,
        cast(snapshots.snapshot_date - cast(events.occurred_at as date) as integer) as age_days
    from snapshots
    inner join events
        on {{ is_known_at('events', 'snapshots.snapshot_date') }}

)

select
    customer_key,
    snapshot_date,
    {%- for days in [30, 90, 365] %}
    cast(count(*) filter (where age_days <= {{ days }}) as integer) as event_count_{{ days }}d,
    cast(
        count(distinct session_id) filter (where age_days <= {{ days }}) as integer
    ) as session_count_{{ days }}d,
    cast(
        count(*) filter (where age_days <= {{ days }} and event_type = 'add_to_cart') as integer
    ) as cart_count_{{ days }}d,
    cast(
        count(*) filter (where age_days <= {{ days }} and event_type = 'search') as integer
    ) as search_count_{{ days }}d,
    {%- endfor %}
    min(age_days) as days_since_last_event,
    min(age_days) filter (where event_type = 'add_to_cart') as days_since_last_cart,
    count(*) as event_count
from known_events
group by customer_key, snapshot_date
