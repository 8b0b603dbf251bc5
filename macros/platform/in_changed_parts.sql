{# Whether a key is in a part that incremental_by_part builds anew: always true in a whole build and
   wherever else the SQL of the model runs. Put it where rows are read, before joins and windows. #}
{% macro in_changed_parts(key) -%}
    {%- set changed_parts = "getvariable('" ~ changed_parts_variable() ~ "')" -%}
    ({{ changed_parts }} is null or get_bit({{ changed_parts }}, {{ part_of(key) }}) = 1)
{%- endmacro %}


{# The session variable that holds the changed parts of this model as bits; DuckDB folds it into the
   plan, so that there is no other SQL to maintain for a part of the table. #}
{% macro changed_parts_variable() -%}
    changed_parts_of_{{ this.identifier }}
{%- endmacro %}
