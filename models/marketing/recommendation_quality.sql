{%- set list_length = var('recommendation_count') %}
{%- set normal_quantile = 1.959963984540054 %}

with

test_snapshot as (

    select snapshot_date
    from {{ ref('int_snapshots__spine') }}
    where snapshot_role = 'test'

),

judged as (

    select * from {{ ref('int_recommendations__judged') }}

),

assortment as (

    select count(*) as product_count
    from {{ ref('int_recommendations__assortment') }} as assortment
    inner join test_snapshot on assortment.snapshot_date = test_snapshot.snapshot_date

),

-- means and squares over decimals: exact in any order of rows
means as (
    {% for metric in ['hit_rate', 'recall', 'ndcg'] %}
    select
        scope,
        method,
        '{{ metric }}_{{ list_length }}' as metric,
        cast(avg(cast({{ metric }} as decimal(18, 12))) as double) as metric_value,
        sqrt(
            greatest(
                avg(cast(pow({{ metric }}, 2) as decimal(18, 12)))
                - pow(avg(cast({{ metric }} as decimal(18, 12))), 2),
                0
            ) / nullif(count(*) - 1, 0)
        ) as standard_error,
        count(*) as customer_count
    from judged
    group by scope, method
    {{ "union all by name" if not loop.last }}
    {%- endfor %}

),

coverages as (

    select
        lists.scope,
        lists.method,
        'coverage_{{ list_length }}' as metric,
        count(distinct lists.product_id) / any_value(assortment.product_count) as metric_value,
        null as standard_error,
        count(distinct lists.customer_key) as customer_count
    from {{ ref('int_recommendations__compared') }} as lists
    cross join assortment
    group by lists.scope, lists.method

),

everything as (

    select * from means
    union all by name
    select * from coverages

)

select
    'recommendations: ' || everything.scope as subject,
    everything.method,
    everything.metric,
    everything.metric_value as value,  -- noqa: RF04
    everything.metric_value - {{ normal_quantile }} * everything.standard_error as ci_low,
    everything.metric_value + {{ normal_quantile }} * everything.standard_error as ci_high,
    test_snapshot.snapshot_date,
    everything.customer_count
from everything
cross join test_snapshot
where everything.customer_count >= {{ var('k_anonymity') }}
