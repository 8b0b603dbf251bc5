{# 1 to `score_count` by the share of smaller values (percent rank), within `partition_by` where it
   is given: equal values share a score, so scores may be left out; a single value scores 1, null
   stays null and counts for nobody. A window expression; whole numbers only, so that no rounding
   moves a value over an edge. #}
{% macro quantile_score(column_name, score_count=5, partition_by=none) -%}
    {%- set partition = "partition by " ~ (partition_by ~ ", " if partition_by else "")
        ~ column_name ~ " is null" -%}
    case
        when {{ column_name }} is not null
            then cast(
                1 + least(
                    {{ score_count - 1 }},
                    coalesce(
                        (rank() over ({{ partition }} order by {{ column_name }}) - 1)
                        * {{ score_count }}
                        // nullif(count(*) over ({{ partition }}) - 1, 0),
                        0
                    )
                ) as integer
            )
    end
{%- endmacro %}
