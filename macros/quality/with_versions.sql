{# Finishes a base model: turns its CTE `checked` (with known_from and rule_reason) into `judged`.
   Valid rows of one key are put in the order in which they became known. One that repeats the
   row before is an 'exact_duplicate'; among different rows known at the same time the last in
   content order stays and the others are 'duplicate_key'; rows known at different times are
   versions, each valid until the next one is known. #}
{% macro with_versions(table_name, keys) -%}
    {%- set names = (declared_columns(table_name) if execute else [])
        | map(attribute='name') | list -%}
    {%- set content = names | reject('equalto', 'loaded_at') | list -%}
    {%- set key_list = keys | join(', ') %}

hashed as (

    select
        *,
        hash({{ content | join(', ') or '1' }}) as content_hash
    from checked

),

compared as (

    select
        *,
        coalesce(content_hash = lag(content_hash) over versions, false) as repeats_previous,
        content_hash != last_value(content_hash) over same_time as is_overruled
    from hashed
    window
        versions as (
            partition by {{ key_list }}, rule_reason is null
            order by known_from{% for name in content %}, {{ name }}{% endfor %}
        ),
        same_time as (
            partition by {{ key_list }}, rule_reason is null, known_from
            order by {{ content | join(', ') or '1' }}
            rows between current row and unbounded following
        )

),

reasoned as (

    select
        *,
        case
            when rule_reason is not null then rule_reason
            when repeats_previous then 'exact_duplicate'
            when is_overruled then 'duplicate_key'
        end as rejection_reason
    from compared

),

judged as (

    select
        * exclude (
            content_hash, rule_reason, repeats_previous, is_overruled, original_row
        ),
        case
            when rejection_reason is null
                then lead(known_from) over (
                    partition by {{ key_list }}, rejection_reason is null
                    order by known_from
                )
        end as known_until,
        case
            when rejection_reason is not null
                then coalesce(
                    original_row,
                    to_json(
                        struct_pack(
                            {%- for name in names %}
                            {{ name }} := {{ name }}{{ "," if not loop.last }}
                            {%- endfor %}
                        )
                    )
                )
        end as raw_row
    from reasoned

)
{%- endmacro %}
