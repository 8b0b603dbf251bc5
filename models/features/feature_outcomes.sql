{%- set features = numeric_model_features() -%}

with

supervised as (

    select
        binning.feature,
        distributions.minimum_value,
        distributions.sixtieths
    from {{ ref('feature_binning') }} as binning
    inner join {{ ref('feature_distributions') }} as distributions
        on binning.feature = distributions.feature
    where binning.strategy = 'supervised' and distributions.known_count > 0

),

declared as (

    select
        feature,
        list_sort(
            list_distinct(
                list_filter(
                    list_transform(range(1, 20), lambda part: sixtieths[part * 3]),
                    lambda edge: edge > minimum_value
                )
            )
        ) as edges
    from supervised

),

development as (

    select
        {%- for feature in features %}
        cast(customer_features.{{ feature }} as double) as {{ feature }},
        {%- endfor %}
        customer_labels.has_purchased
    from {{ ref('customer_features') }} as customer_features
    inner join {{ ref('development_examples') }} as development_examples
        on
            customer_features.customer_key = development_examples.customer_key
            and customer_features.snapshot_date = development_examples.snapshot_date
    inner join {{ ref('customer_labels') }} as customer_labels
        on
            customer_features.customer_key = customer_labels.customer_key
            and customer_features.snapshot_date = customer_labels.snapshot_date

),

feature_values as (

    select *
    from (
        unpivot development
        on {{ features | join(', ') }}
        into name feature value feature_value
    )

),

located as (

    select
        declared.feature,
        declared.edges,
        feature_values.has_purchased,
        {{ bin_by_stored_edges('feature_values.feature_value', 'declared.edges') }} as cell
    from feature_values
    inner join declared on feature_values.feature = declared.feature

)

select
    feature,
    cell,
    any_value(edges[cell]) as lower_edge,
    count(*) as row_count,
    count(*) filter (where has_purchased) as buyer_count
from located
group by feature, cell
