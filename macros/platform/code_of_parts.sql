{# A hash of all that the rows of a part follow from besides its facts: the SQL of the model and of the
   views that it reads, with variables and raw types in it; the pseudonym key, by what it makes of
   a text; time zone and version of the engine. DuckDB spells a view in another way once its file is
   opened anew, so a model that is built without its views, which no `+` selects, is built as a whole. #}
{% macro code_of_parts(views, part_facts) -%}
    hash(
        '{{ local_md5(sql ~ part_facts) }}',
        {{ customer_key("'nobody'") }},
        current_setting('TimeZone'),
        version(),
        (
            select list(sql order by sql)
            from duckdb_views()
            where concat_ws('.', database_name, schema_name, view_name) in (
                ''
                {%- for view in views %},
                '{{ view.database }}.{{ view.schema }}.{{ view.identifier }}'
                {%- endfor %}
            )
        )
    )
{%- endmacro %}
