with

known as (

    select
        'rfm_segments' as column_name,
        rfm_segment as value
    from {{ ref('rfm_segment_map') }}

    union all

    select
        'rfm_segments' as column_name,
        rfm_group as value
    from {{ ref('rfm_group_map') }}

    union all

    select
        'rfm_segments' as column_name,
        unnest(['Inactive', 'Prospects']) as value

    union all

    select
        'value_tiers' as column_name,
        unnest(['low', 'mid', 'high', 'unscored']) as value

),

named as (
    {% for column_name in ['rfm_segments', 'value_tiers'] %}
    select
        campaign_id,
        '{{ column_name }}' as column_name,
        unnest(str_split_regex(trim({{ column_name }}), '\s*\|\s*')) as value
    from {{ ref('campaign_playbook') }}
    {{ "union all" if not loop.last }}
    {% endfor %}
)

select
    named.campaign_id,
    named.column_name,
    named.value
from named
anti join known on named.column_name = known.column_name and named.value = known.value
