{%- set features = labelled_value_limits() | list -%}

with

labelled_customer_features as (

    select * from {{ ref('labelled_customer_features') }}

),

parameters as (

    select
        feature,
        struct_pack(
            median_value := median_value,
            interquartile_range := interquartile_range,
            lower_limit := lower_limit,
            upper_limit := upper_limit,
            edges := edges
        ) as fitted_values
    from {{ ref('labelled_feature_parameters') }}

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
    labelled_customer_features.customer_key,
    labelled_customer_features.split_role,
    {%- for feature in features %}
    {%- set value, fitted = 'labelled_customer_features.' ~ feature, 'stored.' ~ feature %}
    {%- set imputed = impute_with_stored_median(value, fitted ~ '.median_value') %}
    {%- set limited = winsorize(imputed, fitted ~ '.lower_limit', fitted ~ '.upper_limit') %}
    coalesce(
        {{ robust_scale(
            limited, fitted ~ '.median_value', fitted ~ '.interquartile_range'
        ) }},
        0
    ) as {{ feature }}_scaled,
    {{ was_missing(value) }} as {{ feature }}_was_missing,
    {{ bin_by_stored_edges(value, fitted ~ '.edges') }} as {{ feature }}_bin,
    {%- endfor %}
    labelled_customer_features.class_name
from labelled_customer_features
cross join stored
