{# The relation behind a raw table: the demo seed in a demo target, the user's table elsewhere. #}
{% macro raw_relation(table_name) -%}
    {%- set without_seed = ['erasure_requests', 'rejected_rows', 'labelled_customers'] -%}
    {%- if target.name in var('demo_targets') and table_name not in without_seed -%}
        {{ return(ref('raw_' ~ table_name)) }}
    {%- else -%}
        {{ return(source('shop', table_name)) }}
    {%- endif -%}
{%- endmacro %}
