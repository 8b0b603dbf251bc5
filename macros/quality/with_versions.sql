{# Finishes a base model: turns its CTE `checked` (with known_from and rule_reason) into `judged`.
   Among valid rows of one key that became known at the same time the last one loaded stays (the
   one with the largest values where that is the same, too); the others are 'exact_duplicate' of it
   or 'duplicate_key'. Rows known at different times are versions, each valid until the next one is
   known; one that changes nothing is an 'exact_duplicate'. #}
{% macro with_versions(keys) -%}
    {%- set key_list = keys | join(', ') -%}
ranked as (

    select
        *,
        row_number() over same_time = 1 as is_version,
        first_value(content_hash) over same_time as version_hash
    from checked
    window
        same_time as (
            partition by {{ key_list }}, rule_reason is null, known_from
            order by loaded_at desc nulls last, typed_row desc
        )

),

reasoned as (

    select
        *,
        case
            when rule_reason is not null then rule_reason
            when not is_version and content_hash = version_hash then 'exact_duplicate'
            when not is_version then 'duplicate_key'
            when
                content_hash = lag(content_hash) over (
                    partition by {{ key_list }}, rule_reason is null, is_version
                    order by known_from
                )
                then 'exact_duplicate'
        end as rejection_reason
    from ranked

),

judged as (

    select
        * exclude (
            is_version, version_hash, content_hash, rule_reason, typed_row, original_row
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
                then coalesce(original_row, to_json(typed_row))
        end as raw_row
    from reasoned

)
{%- endmacro %}
