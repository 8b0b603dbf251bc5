{# A hash of the code and variables behind the features: a snapshot built by other code is stale. #}
{% macro feature_code_fingerprint() -%}
    {%- if execute -%}
        {%- set parts = [
            var('eligibility_days'), var('minimum_age_years'), var('maximum_age_years')
        ] -%}
        {%- for node in graph.nodes.values() | sort(attribute='unique_id')
            if node.resource_type == 'model' and (
                node.name.startswith('int_customer_snapshots__') or node.name.startswith('rfm_')
            ) -%}
            {%- do parts.append(node.checksum.checksum) -%}
        {%- endfor -%}
        {{ return(local_md5(parts | join('|'))) }}
    {%- endif -%}
{%- endmacro %}
