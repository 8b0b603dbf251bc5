{# CTEs `distributions` and `summarised`: one row per feature with count, sorted known values and
   quantiles of the columns `features` of the CTE `relation`, and of the rows (feature, row_count,
   sorted_values) of the CTE `others` where there is one. #}
{% macro value_distributions(relation, features, others=none) -%}
-- sums over sorted lists are the same in every run, whatever the order of rows
distributions as (

    {%- for feature in features %}
    select
        '{{ feature }}' as feature,
        count(*) as row_count,
        list({{ feature }} order by {{ feature }}) filter (
            where {{ feature }} is not null
        ) as sorted_values
    from {{ relation }}
    {%- if not loop.last %}

    union all
    {% endif %}
    {%- endfor %}
    {%- if others %}

    union all

    select
        feature,
        row_count,
        sorted_values
    from {{ others }}
    {%- endif %}

),

summarised as (

    select
        *,
        len(sorted_values) as value_count,
        -- written out, since quantile_cont rounds past equal neighbours
        list_transform(
            list_transform(
                [0.01, 0.25, 0.5, 0.75, 0.99], lambda level: level * (len(sorted_values) - 1)
            ),
            lambda position:
            least(
                sorted_values[cast(floor(position) as integer) + 1]
                + (
                    sorted_values[cast(ceil(position) as integer) + 1]
                    - sorted_values[cast(floor(position) as integer) + 1]
                ) * (position - floor(position)),
                sorted_values[cast(ceil(position) as integer) + 1]
            )
        ) as quantiles
    from distributions

)
{%- endmacro %}
