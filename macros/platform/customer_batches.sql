{# Conditions on customer_key that split all customers evenly, so that one batch reads about
   `batch_fact_count` facts, each counted once per snapshot to build. Keys are evenly spread. #}
{% macro customer_batches() -%}
    {%- set facts = run_query(
        "select coalesce(sum(fact_count), 0) from " ~ ref('int_snapshots__to_build')
    ).rows[0][0] | int -%}
    {%- set batch_count = 1 + facts // var('batch_fact_count') -%}
    {%- set conditions = [] -%}
    {%- for number in range(batch_count) -%}
        {%- set start = "%08x" % (number * 2 ** 32 // batch_count) -%}
        {%- set end = "%08x" % ((number + 1) * 2 ** 32 // batch_count) -%}
        {%- set bounds = ["customer_key >= '" ~ start ~ "-0000-0000-0000-000000000000'"] -%}
        {%- if not loop.last -%}
            {%- do bounds.append("customer_key < '" ~ end ~ "-0000-0000-0000-000000000000'") -%}
        {%- endif -%}
        {%- do conditions.append(bounds | join(' and ')) -%}
    {%- endfor -%}
    {{ return(conditions) }}
{%- endmacro %}
