{# Whether a key is in a part that incremental_by_part builds anew for a table of that `part_key`; true
   in a whole build and wherever else the SQL runs. Put it where rows are read, before joins and
   windows: DuckDB moves it below neither expressions nor joins. #}
{% macro in_changed_parts(part_key, key=none) -%}
    {%- set changed_parts = "getvariable('" ~ changed_parts_variable(part_key) ~ "')" -%}
    ({{ changed_parts }} is null or get_bit({{ changed_parts }}, {{ part_of(key or part_key) }}) = 1)
{%- endmacro %}


{# The session variable that holds the changed parts as bits while a table is built. DuckDB folds it
   into the plan, so that there is no other SQL to maintain for a part of the table. #}
{% macro changed_parts_variable(part_key) -%}
    changed_parts_by_{{ part_key }}
{%- endmacro %}
