{# Whether an event time lies outside all plausible dates, such as 1970-01-01 or 9999-12-31 for
   unknown; null stays null. #}
{% macro is_implausible_date(event_time) -%}
    (
        {{ event_time }} < date '{{ var("earliest_plausible_date") }}'
        or {{ event_time }} >= date '{{ var("latest_plausible_date") }}'
    )
{%- endmacro %}
