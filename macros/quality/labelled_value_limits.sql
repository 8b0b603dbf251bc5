{# The numeric columns of labelled_customers with the smallest and largest possible value; none where
   there is no largest. Values outside are blanked. #}
{% macro labelled_value_limits() -%}
    {{ return({
        'age': [var('minimum_age_years'), var('maximum_age_years')],
        'income': [0, var('maximum_annual_income')],
        'frequency': [0, none],
        'purchase_amount': [0, none],
        'review_count': [0, none],
        'rating': [0, none],
    }) }}
{%- endmacro %}
