with

customers as (

    select * from {{ ref('customer_segments') }}

),

playbook as (

    select * from {{ ref('campaign_playbook') }}

),

outlooks as (

    select
        customers.* exclude (purchase_probability, expected_net_revenue),
        coalesce(customers.purchase_probability, segment_outlook.purchase_probability)
            as purchase_probability,
        coalesce(customers.expected_net_revenue, segment_outlook.expected_net_revenue)
            as expected_net_revenue,
        case
            when customers.purchase_probability is not null then 'prediction'
            when segment_outlook.rfm_segment is not null then 'segment history'
            else 'none'
        end as outlook_basis
    from customers
    left join {{ ref('int_segments__outlook') }} as segment_outlook
        on customers.rfm_segment = segment_outlook.rfm_segment

),

-- nobody can become more than certain to buy
candidates as (

    select
        playbook.*,
        outlooks.*,
        conditions.explanation,
        least(playbook.response_uplift, 1 / nullif(outlooks.purchase_probability, 0) - 1)
        * outlooks.expected_net_revenue * playbook.margin_share - playbook.cost_per_contact
            as expected_incremental_profit
    from outlooks
    inner join {{ ref('int_customers__contactability') }} as contactability
        on
            outlooks.customer_key = contactability.customer_key
            and contactability.is_contactable
    inner join {{ ref('int_customers__conditions') }} as conditions
        on outlooks.customer_key = conditions.customer_key
    inner join playbook
        on
            conditions.condition = playbook.condition
            and {{ is_listed('outlooks.rfm_segment', 'playbook.rfm_segments') }}
            and {{ is_listed('outlooks.value_tier', 'playbook.value_tiers') }}
            and case
                when playbook.channel = 'email' then contactability.has_email
                when playbook.channel in ('sms', 'phone') then contactability.has_phone
                else true
            end
            -- of the contacts, oldest first, the one that would use up the cap
            and coalesce(
                contactability.contact_ages_days[-playbook.maximum_contacts]
                > playbook.contact_period_days,
                true
            )

),

chosen as (

    select * from candidates
    where coalesce(expected_incremental_profit > {{ var('minimum_contact_profit') }}, true)
    qualify
        row_number() over (
            partition by customer_key
            order by priority asc, expected_incremental_profit desc nulls last, campaign_id asc
        ) = 1

)

select
    campaign_id,
    customer_key,
    as_of_date,
    action,
    channel,
    offer,
    priority,
    row_number() over (
        partition by campaign_id
        order by expected_incremental_profit desc nulls last, customer_key asc
    ) as audience_rank,
    {{ is_held_out('campaign_id', 'customer_key') }} as is_holdout,
    rfm_segment,
    value_tier,
    outlook_basis,
    is_prediction_current,
    purchase_probability,
    expected_net_revenue,
    expected_incremental_profit,
    cost_per_contact,
    concat_ws(
        '; ',
        rfm_segment || coalesce(', value tier ' || nullif(value_tier, 'unscored'), ''),
        coalesce(
            'last order ' || (as_of_date - last_order_date) || ' days ago'
            || coalesce(' (usual gap ' || cast(purchase_gap_mean_days as integer) || ')', ''),
            'no order yet'
        ),
        explanation,
        cast(round(100 * purchase_probability) as integer)
        || case
            when outlook_basis = 'prediction' then ' % likely to buy within '
            else ' % of the segment bought within '
        end || {{ var('horizon_days') }} || ' days'
    ) as reason
from chosen
