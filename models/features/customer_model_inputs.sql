{%- set features = numeric_model_features() -%}
{%- set sometimes_missing = numeric_model_features(sometimes_missing_only=true) -%}

with

customer_features as (

    select * from {{ ref('customer_features') }}

),

parameters as (

    select
        scaling.feature,
        struct_pack(
            imputed_value := imputation.median_value,
            median_value := scaling.median_value,
            interquartile_range := scaling.interquartile_range,
            lower_limit := scaling.lower_limit,
            upper_limit := scaling.upper_limit,
            edges := bins.edges
        ) as fitted_values
    from {{ ref('feature_scaling') }} as scaling
    inner join {{ ref('feature_imputation') }} as imputation
        on scaling.feature = imputation.feature
    inner join {{ ref('model_input_bins') }} as bins
        on scaling.feature = bins.feature

),

-- one row, with the parameters of a feature in the column of its name
stored as (

    select *
    from (
        pivot parameters
        on feature in (
            {%- for feature in features %}
            '{{ feature }}'{{ "," if not loop.last }}
            {%- endfor %}
        )
        using any_value(fitted_values)
    )

)

select
    customer_features.customer_key,
    customer_features.snapshot_date,
    {%- for feature in features %}
    {%- set value, fitted = 'customer_features.' ~ feature, 'stored.' ~ feature %}
    {%- set imputed = impute_with_stored_median(value, fitted ~ '.imputed_value') %}
    {%- set limited = winsorize(imputed, fitted ~ '.lower_limit', fitted ~ '.upper_limit') %}
    coalesce(
        {{ robust_scale(
            limited, fitted ~ '.median_value', fitted ~ '.interquartile_range'
        ) }},
        0
    ) as {{ feature }}_scaled,
    {%- if feature in sometimes_missing %}
    {{ was_missing(value) }} as {{ feature }}_was_missing,
    {%- endif %}
    {{ bin_by_stored_edges(value, fitted ~ '.edges') }} as {{ feature }}_bin,
    {%- endfor %}
    snapshots.snapshot_role
from customer_features
inner join {{ ref('snapshots') }} as snapshots
    on customer_features.snapshot_date = snapshots.snapshot_date
cross join stored
