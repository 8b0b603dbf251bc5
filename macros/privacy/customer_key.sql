{# HMAC-SHA-256 of an id, cut to 16 bytes, as UUID; null stays null. The key blocks are session
   variables set by segml.pseudonyms, so that no key is ever part of SQL text. #}
{% macro customer_key(column_name) -%}
    cast(
        left(
            sha256(
                coalesce(
                    getvariable('segml_outer_pad'),
                    error('The pseudonym key is not set: query this through dbt or segml')
                )
                || unhex(
                    sha256(getvariable('segml_inner_pad') || encode({{ column_name }}))
                )
            ),
            32
        ) as uuid
    )
{%- endmacro %}
