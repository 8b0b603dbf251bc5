{# HMAC-SHA-256 of an id, cut to 16 bytes, as UUID; null stays null. The key blocks are session
   variables set by segml.dbt_plugin, so that no key is ever part of SQL text; without them the
   query fails. #}
{% macro customer_key(column_name) -%}
    cast(
        case
            when getvariable('segml_outer_pad') is null
                then error('The pseudonym key is not set: query this through dbt or segml')
            else left(
                sha256(
                    getvariable('segml_outer_pad')
                    || unhex(
                        sha256(getvariable('segml_inner_pad') || encode({{ column_name }}))
                    )
                ),
                32
            )
        end as uuid
    )
{%- endmacro %}
