{# A hash of the code and variables behind the features: a snapshot built by other code is stale. #}
{% macro feature_code_fingerprint() -%}
    {%- if execute -%}
        {%- set parts = [
            var('eligibility_days'), var('minimum_age_years'), var('maximum_age_years'),
            var('rfm_scale'), var('sequence_length')
        ] -%}
        {%- for node in graph.nodes.values() | sort(attribute='unique_id')
            if node.resource_type in ('model', 'seed')
            and node.name.startswith((
                'int_customer_', 'int_order_products__', 'int_products__', 'int_session_days__',
                'rfm_', 'customer_event_sequences'
            )) -%}
            {%- do parts.append(node.checksum.checksum) -%}
        {%- endfor -%}
        {#- the graph has no macros, the context has them as callables -#}
        {%- for name, callable in context[project_name] | dictsort
            if callable.macro.original_file_path.startswith(('macros/features/', 'macros/quality/')) -%}
            {%- do parts.append(callable.macro.macro_sql) -%}
        {%- endfor -%}
        {{ return(local_md5(parts | join('|'))) }}
    {%- endif -%}
{%- endmacro %}
