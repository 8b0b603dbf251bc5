-- who may be contacted at as_of_date, how, and how recently it happened
with

customers as (

    select * from {{ ref('int_customers__current') }}

),

demographics as (

    select * from {{ ref('int_customer_snapshots__demographics') }}

),

customer_versions as (

    select * from {{ ref('stg_shop__customers') }}

),

contacts as (

    select * from {{ ref('stg_shop__campaign_contacts') }}
    where not is_control

),

-- an address may be kept elsewhere: it counts as missing only where the shop has any
addresses as (

    select
        customer_key,
        marketing_consent,
        has_email or not bool_or(has_email) over () as has_email,
        has_phone or not bool_or(has_phone) over () as has_phone
    from customer_versions
    where known_until is null

),

known_contacts as (

    select
        customers.customer_key,
        list(
            customers.snapshot_date - cast(contacts.contacted_at as date)
            order by contacts.contacted_at
        ) as contact_ages_days
    from customers
    inner join contacts
        on
            customers.customer_key = contacts.customer_key
            and {{ is_known_at('contacts', 'customers.snapshot_date') }}
    group by customers.customer_key

)

-- consent is that known at as_of_date; a later refusal counts at once all the same
select
    customers.customer_key,
    coalesce(demographics.has_marketing_consent, {{ var('contact_unknown_consent') }})
    and coalesce(addresses.marketing_consent, true) as is_contactable,
    coalesce(addresses.has_email, true) as has_email,
    coalesce(addresses.has_phone, true) as has_phone,
    coalesce(known_contacts.contact_ages_days, []) as contact_ages_days
from customers
left join demographics
    on
        customers.customer_key = demographics.customer_key
        and customers.snapshot_date = demographics.snapshot_date
left join addresses on customers.customer_key = addresses.customer_key
left join known_contacts on customers.customer_key = known_contacts.customer_key
