{# The snapshots that int_customer_snapshots__features holds, with what they were built from; none
   before the first run and in a full refresh. Read without `ref`, since that model comes later in
   the graph: this is its own state. #}
{% macro built_snapshots() -%}
    {%- set built = none -%}
    {%- if execute and not flags.FULL_REFRESH -%}
        {%- set built = adapter.get_relation(
            database=this.database,
            schema=this.schema,
            identifier='int_customer_snapshots__features'
        ) -%}
    {%- endif -%}
    {%- if built is not none -%}
    select distinct
        snapshot_date,
        source_fingerprint
    from {{ built }}
    {%- else -%}
    select
        cast(null as date) as snapshot_date,
        cast(null as varchar) as source_fingerprint
    where false
    {%- endif -%}
{%- endmacro %}
