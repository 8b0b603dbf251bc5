{# The bin of a value over stored edges as a readable half-open interval, such as `20-30`, `<20`
   or `100+`; null stays null. #}
{% macro bin_label(column_name, edges) -%}
    {%- set bin_number = bin_by_stored_edges(column_name, edges) -%}
    case {{ bin_number }}
        when 0 then '<' || cast({{ edges }}[1] as bigint)
        when len({{ edges }}) then cast({{ edges }}[-1] as bigint) || '+'
        else
            cast({{ edges }}[{{ bin_number }}] as bigint)
            || '-' || cast({{ edges }}[{{ bin_number }} + 1] as bigint)
    end
{%- endmacro %}
