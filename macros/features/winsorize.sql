{# A value moved to the nearer of two stored limits where it lies outside them, as numpy.clip; a
   limit itself is kept, a null limit is no limit, null stays null. #}
{% macro winsorize(column_name, lower_limit, upper_limit) -%}
    case
        when {{ column_name }} is not null
            then least(greatest({{ column_name }}, {{ lower_limit }}), {{ upper_limit }})
    end
{%- endmacro %}
