{#-
    Whether some source of states says what a state is worth.

    Example: {{ config(enabled=northstar.has_valued_states()) }}
-#}
{% macro has_valued_states() -%}
    {%- set valued = [] -%}
    {%- if northstar.uses_drivers() and northstar.has_input('northstar_states') -%}
        {%- for entry in northstar.input_entries('northstar_states')
            if entry['columns'] and 'value' in entry['columns'] -%}
            {%- do valued.append(entry) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(valued | length > 0) }}
{%- endmacro %}
