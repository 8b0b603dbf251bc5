{# The last date on or before another that lies on a grid of `step_days` through `anchor_date`;
   without an anchor, that date itself. #}
{% macro last_grid_date(date_expression, anchor_date, step_days) -%}
    {%- if anchor_date -%}
    date '{{ anchor_date }}' + {{ step_days }} * cast(
        floor(({{ date_expression }} - date '{{ anchor_date }}') / {{ step_days }}) as integer
    )
    {%- else -%}
    {{ date_expression }}
    {%- endif -%}
{%- endmacro %}
