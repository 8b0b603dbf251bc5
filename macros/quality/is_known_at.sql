{# Whether a version of a fact was the current one as of a day boundary; half-open. #}
{% macro is_known_at(relation, snapshot_date) -%}
    {{ relation }}.known_from < {{ snapshot_date }}
    and coalesce(
        {{ relation }}.known_until >= {{ snapshot_date }}, true
    )
{%- endmacro %}
