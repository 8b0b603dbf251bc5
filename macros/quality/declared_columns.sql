{# The columns of a raw table as the source YAML declares them: the one definition of the contract. #}
{% macro declared_columns(table_name) -%}
    {%- set table = graph.sources.values()
        | selectattr('source_name', 'equalto', 'shop')
        | selectattr('name', 'equalto', table_name) | first -%}
    {{ return(table.columns.values() | list) }}
{%- endmacro %}
