{# Whether a group is merged or hidden: it is below k_anonymity customers, or the smaller groups of its
   partition are, even together, so that a difference to the total would give them away. A window
   expression; `group_name` breaks ties. #}
{% macro is_too_few(customer_count, partition_by, group_name) -%}
    {{ customer_count }} < {{ var('k_anonymity') }}
    or coalesce(
        sum({{ customer_count }}) over (
            partition by {{ partition_by }}
            order by {{ customer_count }}, {{ group_name }}
            rows between unbounded preceding and 1 preceding
        ), 0
    ) between 1 and {{ var('k_anonymity') }} - 1
{%- endmacro %}
