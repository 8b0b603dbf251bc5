-- whatever was known when: the newest version of the customer must not say no, and must say yes unless
-- unknown consent may do; whoever asked to be erased is in no audience either
select audiences.customer_key
from {{ ref('campaign_audiences') }} as audiences
left join {{ ref('stg_shop__customers') }} as customers
    on
        audiences.customer_key = customers.customer_key
        and customers.known_until is null
left join {{ ref('stg_shop__erasure_requests') }} as requests
    on audiences.customer_key = requests.customer_key
where
    not coalesce(customers.marketing_consent, {{ var('contact_unknown_consent') }})
    or requests.customer_key is not null
