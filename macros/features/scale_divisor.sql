{# A measure of spread as something to divide by: 1 in place of null, 0 and anything below ten
   machine epsilons, which is rounding noise of a constant column (as scikit-learn does). #}
{% macro scale_divisor(spread) -%}
    case when {{ spread }} >= 2.220446049250313e-15 then {{ spread }} else 1 end
{%- endmacro %}
