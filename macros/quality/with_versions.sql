{# Finishes a base model: turns its CTE `checked` (with known_from and rule_reason) into `judged`.
   Among valid rows of one key that became known at the same time the last one loaded stays (the
   one with the largest values where that is the same, too); the others are 'exact_duplicate' of it
   or 'duplicate_key'. Rows known at different times are versions, each valid until the next one is
   known; one that changes nothing is an 'exact_duplicate'. Only keys that occur more than once are
   sorted: in most tables that is a small share of the rows. They are counted first, for which
   `checked` is best `as not materialized`: whole rows would be kept to read their keys. #}
{% macro with_versions(keys) -%}
    {%- set key_list = keys | join(', ') -%}
repeated_keys as (

    select {{ key_list }}
    from checked
    where rule_reason is null
    group by {{ key_list }}
    having count(*) > 1

),

marked as not materialized (

    select
        checked.*,
        checked.rule_reason is null and repeated_keys.{{ keys[0] }} is not null as is_repeated
    from checked
    left join repeated_keys
        on
        {%- for key in keys %}
            checked.{{ key }} is not distinct from repeated_keys.{{ key }}
            {{- " and" if not loop.last }}
        {%- endfor %}

),

ranked as (

    select
        *,
        row_number() over same_time = 1 as is_version,
        first_value(content_hash) over same_time as version_hash
    from marked
    where is_repeated
    window
        same_time as (
            partition by {{ key_list }}, known_from
            order by loaded_at desc nulls last, typed_row desc
        )

),

reasoned as (

    select
        * exclude (is_version, version_hash),
        case
            when not is_version and content_hash = version_hash then 'exact_duplicate'
            when not is_version then 'duplicate_key'
            when
                content_hash = lag(content_hash) over (
                    partition by {{ key_list }}, is_version
                    order by known_from
                )
                then 'exact_duplicate'
        end as rejection_reason
    from ranked

),

bounded as (

    select
        *,
        rule_reason as rejection_reason,
        cast(null as timestamp) as known_until
    from marked
    where not is_repeated

    union all by name

    select
        *,
        case
            when rejection_reason is null
                then lead(known_from) over (
                    partition by {{ key_list }}, rejection_reason is null
                    order by known_from
                )
        end as known_until
    from reasoned

),

judged as (

    select
        * exclude (
            is_repeated, content_hash, row_fingerprint, rule_reason, typed_row, original_row
        ),
        case
            when rejection_reason is not null
                then coalesce(original_row, to_json(typed_row))
        end as raw_row
    from bounded

)
{%- endmacro %}
