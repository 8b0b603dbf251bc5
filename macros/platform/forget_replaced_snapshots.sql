{# Pre-hook of a model that is incremental by snapshot: takes away the snapshots that are built anew
   and those that the spine no longer has, in the transaction that appends the new ones. #}
{% macro forget_replaced_snapshots() -%}
    {%- set to_build = ref('int_snapshots__to_build') -%}
    {%- set spine = ref('int_snapshots__spine') -%}
    {%- set existing = load_relation(this) -%}
    {%- if existing is not none and existing.is_table and not should_full_refresh() -%}
    delete from {{ this }}
    where
        snapshot_date in (select snapshot_date from {{ to_build }})
        or snapshot_date not in (select snapshot_date from {{ spine }})
    {%- endif -%}
{%- endmacro %}
