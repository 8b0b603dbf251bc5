{# Log-likelihood ratio statistic of a two by two table, chi-square with one degree of freedom if the
   two events are independent: `both_count`, `one_count` and `other_count` of `total_count`. Empty cells
   add nothing. #}
{% macro g_statistic(both_count, one_count, other_count, total_count) -%}
    {%- set cells = [
        (both_count, one_count, other_count),
        (one_count ~ ' - ' ~ both_count, one_count, total_count ~ ' - ' ~ other_count),
        (other_count ~ ' - ' ~ both_count, total_count ~ ' - ' ~ one_count, other_count),
        (
            total_count ~ ' - ' ~ one_count ~ ' - ' ~ other_count ~ ' + ' ~ both_count,
            total_count ~ ' - ' ~ one_count, total_count ~ ' - ' ~ other_count
        ),
    ] -%}
    2 * (
        {%- for observed, row_total, column_total in cells %}
        case
            when {{ observed }} > 0
                then
                    ({{ observed }}) * ln(
                        ({{ observed }}) * cast({{ total_count }} as double)
                        / (cast({{ row_total }} as double) * ({{ column_total }}))
                    )
            else 0
        end
        {%- if not loop.last %} + {% endif %}
        {%- endfor %}
    )
{%- endmacro %}
