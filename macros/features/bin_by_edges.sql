{# The number of fixed edges at or below a value, as numpy.digitize: 0 is below the first edge, an
   exact edge opens the next bin, null stays null. #}
{% macro bin_by_edges(column_name, edges) -%}
    {%- if edges is string or edges | unique | sort | list != edges | list -%}
        {{ exceptions.raise_compiler_error(
            "bin_by_edges: `edges` must be a strictly increasing list, got " ~ edges
        ) }}
    {%- endif -%}
    case
        when {{ column_name }} is null then null
        {%- for edge in edges %}
        when {{ column_name }} < {{ edge }} then {{ loop.index0 }}
        {%- endfor %}
        else {{ edges | length }}
    end
{%- endmacro %}
