{{ config(materialized='table') }}

-- materialised: chosen from and multiplied with; the share of each product in its category by
-- recency-weighted units, for each half-life that is tried
{%- set half_lives = var('demand_half_lives_days') %}

with

histories as (

    select * from {{ ref('int_demand__histories') }}

)

{% for half_life in half_lives -%}
select
    snapshot_date,
    category,
    product_id,
    {{ half_life }} as half_life_days,
    weighted_units_{{ half_life }} / nullif(
        cast(
            sum(cast(weighted_units_{{ half_life }} as decimal(28, 6))) over (
                partition by snapshot_date, category
            ) as double
        ), 0
    ) as category_share
from histories
{{ "union all by name" if not loop.last }}
{% endfor %}
