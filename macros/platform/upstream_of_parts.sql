{# What a model that is incremental by part reads without being told: `views`, whose code is its own,
   and `tables` with the same part_key, whose parts are facts of its own. #}
{% macro upstream_of_parts(node) -%}
    {%- set views = [] -%}
    {%- set tables = [] -%}
    {%- for id in node.depends_on.nodes if id in graph.nodes -%}
        {%- set input = graph.nodes[id] -%}
        {%- set relation = api.Relation.create(
            database=input.database, schema=input.schema, identifier=input.alias
        ) -%}
        {%- if input.config.materialized == 'view' -%}
            {%- set beyond = upstream_of_parts(input) -%}
            {%- do views.append(relation) -%}
            {%- do views.extend(beyond.views) -%}
            {%- do tables.extend(beyond.tables) -%}
        {%- elif input.config.get('part_key') == config.get('part_key') -%}
            {%- do tables.append(relation) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return({'views': views | unique | list, 'tables': tables | unique | list}) }}
{%- endmacro %}
