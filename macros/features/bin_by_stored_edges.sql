{# The number of stored edges at or below a value: 0 is below the first edge, an exact edge opens
   the next bin, null stays null. `edges` is a list column; a null edge is never reached. #}
{% macro bin_by_stored_edges(column_name, edges) -%}
    case
        when {{ column_name }} is not null
            then cast(
                len(list_filter({{ edges }}, lambda edge: edge <= {{ column_name }})) as integer
            )
    end
{%- endmacro %}
