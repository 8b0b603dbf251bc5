{# Materialisation that builds the changed parts of a table anew, and equals a full refresh whatever
   has changed. All rows of one `part_key` are in one part. The rows of a part must follow from

   - the facts of the part: rows (part_key, fact_hash) of the query `part_facts`, in any order;
   - the parts of the same number of upstream models with the same part_key, views in between;
   - code, which counts as a fact of every part.

   What was built from which facts is kept beside the table, as <model>__parts, in one transaction.
   Rows that are built anew go to the end of the table, so the whole of it is built, and sorted, when
   a quarter of the parts has been replaced since it was. #}
{% materialization incremental_by_part, adapter='duckdb' %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set existing_relation = load_cached_relation(this) -%}
    {%- set built_parts = parts_of_table(this) -%}
    {%- set part_key = config.require('part_key') -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- set is_whole = existing_relation is none or not existing_relation.is_table
        or should_full_refresh() or load_relation(built_parts) is none -%}
    {%- call statement('compare_parts') -%}
    create or replace temporary table compared_parts as
    {{ compare_parts(none if is_whole else built_parts) }}
    {%- endcall -%}
    {%- set counts = run_query(
        "select count(*), count(*) filter (where is_changed), count(*) filter (where is_replaced)"
        ~ " from compared_parts"
    ).rows[0] -%}

    {%- if is_whole or 4 * counts[2] >= counts[0] -%}
        {%- if existing_relation is not none and not existing_relation.is_table -%}
            {%- do adapter.drop_relation(existing_relation) -%}
        {%- endif -%}
        {%- do run_query("update compared_parts set is_replaced = false") -%}
        {%- call statement('main') -%}
    create or replace table {{ target_relation }} as
    {{ sql }}
        {%- endcall -%}
    {%- else -%}
        {%- do run_query(
            "set variable " ~ changed_parts_variable(part_key)
            ~ " = (select bitstring_agg(part, 0, " ~ last_part() ~ ")"
            ~ " from compared_parts where is_changed)"
        ) -%}
        {%- call statement('main') -%}
    {%- if counts[1] %}
    delete from {{ target_relation }} where {{ in_changed_parts(part_key) }};
    insert into {{ target_relation }} by name
    {{ sql }}
    {%- else %}
    select 'nothing has changed'
    {%- endif %}
        {%- endcall -%}
        {%- do run_query("reset variable " ~ changed_parts_variable(part_key)) -%}
    {%- endif -%}
    {%- if is_whole or counts[1] -%}
        {%- do run_query(
            "create or replace table " ~ built_parts ~ " as select part, fingerprint, is_replaced"
            ~ " from compared_parts where fingerprint is not null"
        ) -%}
    {%- endif -%}
    {%- do run_query("drop table compared_parts") -%}

    {%- do persist_docs(target_relation, model) -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do adapter.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
