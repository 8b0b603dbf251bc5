-- a customer who was held out of a campaign was not contacted
with

contacts as (

    select * from {{ ref('stg_shop__campaign_contacts') }}
    where not is_control

),

snapshots as (

    select * from {{ ref('int_snapshots__to_build') }}

),

known_contacts as (

    select
        contacts.customer_key,
        snapshots.snapshot_date,
        cast(snapshots.snapshot_date - cast(contacts.contacted_at as date) as integer) as age_days
    from snapshots
    inner join contacts on {{ is_known_at('contacts', 'snapshots.snapshot_date') }}

)

select
    customer_key,
    snapshot_date,
    {%- for days in [30, 90, 365] %}
    cast(count(*) filter (where age_days <= {{ days }}) as integer) as contact_count_{{ days }}d,
    {%- endfor %}
    min(age_days) as days_since_last_contact
from known_contacts
group by customer_key, snapshot_date
