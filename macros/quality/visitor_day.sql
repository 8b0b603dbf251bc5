{# The columns that say on which day of which visitor an event happened, and on which day it became
   known; visitor_id is null for an event of nobody. #}
{% macro visitor_day() -%}
    coalesce('customer ' || customer_id, 'session ' || session_id) as visitor_id,
    cast(occurred_at as date) as occurred_date,
    cast({{ known_from('occurred_at') }} as date) as known_date
{%- endmacro %}
