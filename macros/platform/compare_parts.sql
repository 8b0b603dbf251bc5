{# Every part with the fingerprint of its present facts (null: it is gone), whether that differs from
   what was built, and whether it has been replaced since the table was last built as a whole. #}
{% macro compare_parts(built_parts) -%}
    {%- set upstream = upstream_of_parts(model) -%}
    {%- set part_facts = render(config.get('part_facts', '')) -%}
with

code as (

    select {{ code_of_parts(upstream.views, part_facts) }} as code_hash

),

facts as (

    {%- if part_facts %}
    select
        {{ part_of(config.require('part_key')) }} as part,
        fact_hash
    from ({{ part_facts }})
    {{ "union all" if upstream.tables }}
    {%- endif %}
    {%- for table in upstream.tables %}

    select
        part,
        hash('{{ table.identifier }}', fingerprint) as fact_hash
    from {{ parts_of_table(table) }}
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

present as (

    select
        facts.part,
        hash(sum(cast(facts.fact_hash as hugeint)), any_value(code.code_hash)) as fingerprint
    from facts
    cross join code
    group by facts.part

),

built as (

    {%- if built_parts is none %}
    select
        null as part,
        null as fingerprint,
        false as is_replaced
    where false
    {%- else %}
    select * from {{ built_parts }}
    {%- endif %}

)

select
    coalesce(present.part, built.part) as part,
    present.fingerprint,
    present.fingerprint is distinct from built.fingerprint as is_changed,
    is_changed or built.is_replaced as is_replaced
from present
full join built on present.part = built.part
{%- endmacro %}


{# Where the parts of a table are kept, with what they were built from. #}
{% macro parts_of_table(relation) -%}
    {{ return(relation.incorporate(
        path={'identifier': relation.identifier ~ '__parts'}, type='table'
    )) }}
{%- endmacro %}
