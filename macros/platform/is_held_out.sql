{# Whether a customer belongs to the hold-out group of a campaign: the same in every run and in every
   engine, since it compares hexadecimal digits of an MD5 hash as text. #}
{% macro is_held_out(campaign_id, customer_key) -%}
    {%- set share = var('holdout_share') -%}
    {%- if not 0 <= share < 1 -%}
        {{ exceptions.raise_compiler_error(
            "The var holdout_share must be in [0, 1), got " ~ share) }}
    {%- endif -%}
    left(md5({{ campaign_id }} || ':' || cast({{ customer_key }} as varchar)), 8)
    < '{{ "%08x" | format((share * 4294967296) | int) }}'
{%- endmacro %}
