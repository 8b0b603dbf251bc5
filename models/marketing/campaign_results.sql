-- differences of means between contacted and hold-out group with normal 95 % intervals; revenue
-- also adjusted for what customers spent before the contact, which the contact cannot have changed
-- (CUPED: Deng, Xu, Kohavi and Walker 2013)
{%- set normal_quantile = 1.959963984540054 %}
{%- set minimum_size = var('campaign_minimum_group_size') %}

with

groups as (

    select * from {{ ref('int_campaigns__groups') }}

),

pairs as (

    select
        contacted.*,
        contacted.customer_count as contacted_count,
        control.conversion_rate as control_conversion_rate,
        control.revenue_mean as control_revenue_mean,
        control.history_mean as control_history_mean,
        control.revenue_spread as control_revenue_spread,
        control.history_spread as control_history_spread,
        control.common_spread as control_common_spread,
        coalesce(control.customer_count, 0) as control_count,
        -- one slope for both groups
        coalesce(
            (contacted.common_spread + control.common_spread)
            / nullif(contacted.history_spread + control.history_spread, 0), 0
        ) as slope
    from groups as contacted
    left join groups as control
        on
            contacted.campaign_id = control.campaign_id
            and contacted.channel = control.channel
            and control.is_control
    where not contacted.is_control

),

uplifts as (

    select
        *,
        conversion_rate - control_conversion_rate as conversion_uplift,
        sqrt(
            conversion_rate * (1 - conversion_rate) / nullif(contacted_count - 1, 0)
            + control_conversion_rate * (1 - control_conversion_rate) / nullif(control_count - 1, 0)
        ) as conversion_error,
        revenue_mean - control_revenue_mean as revenue_uplift,
        sqrt(
            revenue_spread / contacted_count / nullif(contacted_count - 1, 0)
            + control_revenue_spread / control_count / nullif(control_count - 1, 0)
        ) as revenue_error,
        revenue_mean - control_revenue_mean - slope * (history_mean - control_history_mean)
            as adjusted_revenue_uplift,
        sqrt(
            greatest(
                revenue_spread - 2 * slope * common_spread + slope * slope * history_spread, 0
            ) / contacted_count / nullif(contacted_count - 1, 0)
            + greatest(
                control_revenue_spread - 2 * slope * control_common_spread
                + slope * slope * control_history_spread, 0
            ) / control_count / nullif(control_count - 1, 0)
        ) as adjusted_revenue_error,
        least(contacted_count, nullif(control_count, 0)) as smaller_count
    from pairs

),

-- one small channel hides all of its campaign: the total would give it away otherwise
judged as (

    select
        *,
        bool_or(smaller_count < {{ var('k_anonymity') }}) over (
            partition by campaign_id, channel = 'all'
        ) as is_suppressed
    from uplifts

)

select
    campaign_id,
    channel,
    first_contact_date,
    last_contact_date,
    is_window_complete,
    {%- for column_name, expression, data_type in [
        ('contacted_customer_count', 'contacted_count', 'bigint'),
        ('control_customer_count', 'control_count', 'bigint'),
        ('contacted_conversion_rate', 'conversion_rate', 'double'),
        ('control_conversion_rate', 'control_conversion_rate', 'double'),
        ('contacted_revenue_per_customer', 'revenue_mean', 'double'),
        ('control_revenue_per_customer', 'control_revenue_mean', 'double'),
        ('variance_reduction', '1 - pow(adjusted_revenue_error / nullif(revenue_error, 0), 2)', 'double'),
        ('incremental_net_revenue', 'adjusted_revenue_uplift * contacted_count', 'double'),
    ] %}
    cast(case when not is_suppressed then {{ expression }} end as {{ data_type }})
        as {{ column_name }},
    {%- endfor %}
    {%- for measure in ['conversion', 'revenue', 'adjusted_revenue'] %}
    {%- set uplift, error = measure ~ '_uplift', normal_quantile ~ ' * ' ~ measure ~ '_error' %}
    case when not is_suppressed then {{ uplift }} end as {{ uplift }},
    case when not is_suppressed then {{ uplift }} - {{ error }} end as {{ uplift }}_ci_low,
    case when not is_suppressed then {{ uplift }} + {{ error }} end as {{ uplift }}_ci_high,
    case when not is_suppressed then abs({{ uplift }}) > {{ error }} end
        as is_{{ uplift }}_significant,
    {%- endfor %}
    case
        when is_suppressed then 'too few customers to publish'
        when control_count = 0 then 'no hold-out group, so no uplift can be measured'
        when smaller_count < {{ minimum_size }}
            then
                'only ' || smaller_count
                || ' customers in the smaller group, {{ minimum_size }} are needed'
    end as sample_warning,
    is_suppressed
from judged
