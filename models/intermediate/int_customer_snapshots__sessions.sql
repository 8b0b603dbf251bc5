with

session_days as (

    select * from {{ ref('int_session_days__events') }}
    where session_id is not null

),

snapshots as (

    select * from {{ ref('int_snapshots__to_build') }}

),

-- a visit past midnight is one session, as old as its last day
sessions as (

    select
        session_days.customer_key,
        snapshots.snapshot_date,
        session_days.session_id,
        min(snapshots.snapshot_date - session_days.occurred_date) as age_days,
        sum(session_days.cart_count) > 0 as has_cart,
        sum(session_days.checkout_count) > 0 as has_checkout
    from snapshots
    inner join session_days on {{ is_known_at('session_days', 'snapshots.snapshot_date') }}
    group by session_days.customer_key, snapshots.snapshot_date, session_days.session_id

)

select
    customer_key,
    snapshot_date,
    {%- for days in [7, 30, 90, 365] %}
    cast(count(*) filter (where age_days <= {{ days }}) as integer) as session_count_{{ days }}d,
    {%- endfor %}
    count(*) filter (where age_days <= 90 and has_cart and not has_checkout)
    / nullif(count(*) filter (where age_days <= 90 and has_cart), 0) as cart_abandonment_share_90d
from sessions
group by customer_key, snapshot_date
