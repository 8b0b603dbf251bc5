with

campaign_contacts as (

    select * from {{ ref('base_shop__campaign_contacts') }}

)

select
    ---------- ids
    campaign_id,
    customer_key,

    ---------- attributes
    lower(channel) as channel,
    coalesce(is_control, false) as is_control,

    ---------- times
    contacted_at,
    known_from,
    known_until

from campaign_contacts
where rejection_reason is null
