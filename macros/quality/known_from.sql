{# When a fact became known: at its event time, or when it was loaded if that is later. #}
{% macro known_from(event_time, loaded_at='loaded_at') -%}
    {%- if var('respect_load_time') -%}
    greatest({{ event_time }}, coalesce({{ loaded_at }}, {{ event_time }}))
    {%- else -%}
    {{ event_time }}
    {%- endif -%}
{%- endmacro %}
