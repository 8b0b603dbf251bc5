{# A readable half-open interval for a bin number over stored edges, such as `20-30`, `<20`, `100+`;
   null stays null. #}
{% macro bin_label(bin_number, edges) -%}
    case
        when {{ bin_number }} is null then null
        when {{ bin_number }} = 0 then '<' || cast(cast({{ edges }}[1] as bigint) as varchar)
        when {{ bin_number }} = len({{ edges }})
            then cast(cast({{ edges }}[-1] as bigint) as varchar) || '+'
        else
            cast(cast({{ edges }}[{{ bin_number }}] as bigint) as varchar)
            || '-' || cast(cast({{ edges }}[{{ bin_number }} + 1] as bigint) as varchar)
    end
{%- endmacro %}
