{%- set measures = ['event', 'product_view', 'click', 'search', 'cart', 'checkout'] -%}

with

session_days as (

    select * from {{ ref('int_session_days__events') }}

),

snapshots as (

    select * from {{ ref('int_snapshots__to_build') }}

),

known_days as (

    select
        snapshots.snapshot_date,
        cast(snapshots.snapshot_date - session_days.occurred_date as integer) as age_days,
        session_days.*
    from snapshots
    inner join session_days on {{ is_known_at('session_days', 'snapshots.snapshot_date') }}

)

select
    customer_key,
    snapshot_date,
    {%- for days in [7, 30, 90, 365] %}
    {%- for measure in measures %}
    cast(
        coalesce(sum({{ measure }}_count) filter (where age_days <= {{ days }}), 0) as integer
    ) as {{ measure }}_count_{{ days }}d,
    {%- endfor %}
    {%- endfor %}
    {%- for measure in ['search', 'cart', 'checkout'] %}
    min(age_days) filter (where {{ measure }}_count > 0) as days_since_last_{{ measure }},
    {%- endfor %}
    min(age_days) as days_since_last_event
from known_days
group by customer_key, snapshot_date
