{# Creates the `ml.*` tables, and columns added to them since, from the source YAML: the only
   place that defines them. So a fresh clone builds green before any training. #}
{% macro create_missing_ml_tables() -%}
    {%- if execute -%}
        {%- for table in graph.sources.values() if table.source_name == 'segml' %}
    create schema if not exists {{ table.schema }};
    create table if not exists {{ table.schema }}.{{ table.identifier }} (
            {%- for column in table.columns.values() %}
        {{ column.name }} {{ column.data_type }}{{ "," if not loop.last }}
            {%- endfor %}
    );
            {%- for column in table.columns.values() %}
    alter table {{ table.schema }}.{{ table.identifier }}
        add column if not exists {{ column.name }} {{ column.data_type }};
            {%- endfor %}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
