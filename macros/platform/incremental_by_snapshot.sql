{# Materialisation that appends the snapshots to build in batches of customers, all in one
   transaction: memory is bounded by the variable `batch_fact_count` and not by the size of the
   shop. The pre-hook forget_replaced_snapshots makes room for them. The tables that are read should
   be sorted by customer_key, so that a batch reads no more than its own rows. #}
{% materialization incremental_by_snapshot, adapter='duckdb' %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set existing_relation = load_cached_relation(this) -%}
    {%- set no_rows = "select * from (" ~ sql ~ ") where false" -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- if existing_relation is not none
        and (should_full_refresh() or not existing_relation.is_table) -%}
        {%- do adapter.drop_relation(existing_relation) -%}
        {%- set existing_relation = none -%}
    {%- endif -%}
    {%- if existing_relation is none -%}
        {%- do run_query(create_table_as(False, target_relation, no_rows)) -%}
    {%- else -%}
        {%- set new_columns = make_temp_relation(target_relation) -%}
        {%- do run_query(create_table_as(True, new_columns, no_rows)) -%}
        {%- do process_schema_changes(
            config.get('on_schema_change', 'fail'), new_columns, existing_relation
        ) -%}
    {%- endif -%}

    {%- for condition in customer_batches() -%}
        {%- call statement('main') -%}
    insert into {{ target_relation }} by name
    select * from ({{ sql }}) as batch
    where {{ condition }}
        {%- endcall -%}
    {%- endfor -%}

    {%- do persist_docs(target_relation, model) -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do adapter.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
