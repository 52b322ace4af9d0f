{#-
    Where the mapped inputs and the warehouse disagree: columns that an expression
    names and the relation lacks, and instants mapped to a plain number.

    Example: northstar.relation_problems()
    Returns: a list of {path, given, allowed, write, message}; see config_problem()

    Arguments:
        config: values by the name of the var, in place of the project's own

    It looks once dbt executes and the relation exists; a model that is yet to be
    built, or has no table (ephemeral), is passed over.
-#}
{% macro relation_problems(config=none) -%}
    {%- set given = northstar._given_config() if config is none else config -%}
    {%- set problems = [] -%}
    {%- if execute -%}
        {%- set others = northstar._input_rules().keys() | list -%}
        {%- for input in ['northstar_events'] + others -%}
            {%- set entries = given.get(input) or [] -%}
            {%- set is_one = entries is mapping -%}
            {%- for entry in ([entries] if is_one else entries) -%}
                {%- set path = [input] if is_one else [input, loop.index0] -%}
                {%- set relation = northstar._existing_relation(entry) -%}
                {%- if relation is not none -%}
                    {%- do northstar._expressions_fit(
                        path, entry, relation, problems
                    ) -%}
                {%- endif -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(problems) }}
{%- endmacro %}


{#-
    The relation of an entry, found in the graph and in the warehouse, else none. Not
    by ref(), which an operation may not use on an ephemeral model.
-#}
{% macro _existing_relation(entry) -%}
    {%- set wanted = entry['relation'] -%}
    {%- set found = [] -%}
    {%- if 'source' in wanted -%}
        {%- for node in graph.sources.values()
            if [node.source_name, node.name] == wanted['source'] | list -%}
            {%- do found.append([node, node.identifier]) -%}
        {%- endfor -%}
    {%- else -%}
        {%- set named = wanted['ref'] -%}
        {%- set named = [named] if named is string else named -%}
        {%- for node in graph.nodes.values()
            if node.resource_type in ['model', 'seed', 'snapshot']
            and node.name == named[-1]
            and node.package_name == (named[0] if named | length == 2 else project_name)
            and node.config.materialized != 'ephemeral' -%}
            {%- do found.append([node, node.alias]) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if found | length != 1 -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set node, identifier = found[0] -%}
    {{ return(adapter.get_relation(
        database=node.database, schema=node.schema, identifier=identifier
    )) }}
{%- endmacro %}


{#- Every expression of an entry against the columns of its relation. -#}
{% macro _expressions_fit(path, entry, relation, problems) -%}
    {%- set instants = [
        'occurred_at', 'loaded_at', 'valid_from', 'valid_to', 'linked_at',
        'requested_at', 'touched_at', 'exposed_at', 'noted_at',
    ] -%}
    {%- set columns = {} -%}
    {%- for column in adapter.get_columns_in_relation(relation) -%}
        {%- do columns.update({column.name | lower: column}) -%}
    {%- endfor -%}
    {%- set names = columns.keys() | list -%}
    {%- set known = names + [relation.identifier | lower] -%}
    {%- for part in ['columns', 'attributes'] -%}
        {%- for name, mapped in (entry[part] or {}).items() -%}
            {%- set is_typed = mapped is mapping -%}
            {%- set sql = mapped['expression'] if is_typed else mapped -%}
            {%- set end = [name, 'expression'] if is_typed else [name] -%}
            {%- set place = path + [part] + end -%}
            {%- for missing in northstar.unknown_identifiers(sql, known) -%}
                {%- set near = northstar.nearest(missing, names) -%}
                {%- do problems.append(northstar.config_problem(
                    place, sql, near=near,
                    message='The relation ' ~ relation ~ ' has no column '
                        ~ northstar.shown(missing) ~ '.',
                    allowed='its columns: ' ~ northstar._some_of(names),
                    write=none if near is none
                        else northstar._renamed(sql, missing, near),
                )) -%}
            {%- endfor -%}
            {%- set is_instant = name in instants
                or (is_typed and mapped['type'] == 'timestamp') -%}
            {%- set column = columns.get(sql | lower) -%}
            {%- set is_number = column and (column.is_number() or column.is_float()) -%}
            {%- if is_instant and is_number -%}
                {%- do problems.append(northstar.config_problem(
                    place, sql,
                    message='`' ~ sql ~ '` is a number (' ~ column.data_type
                        ~ '), and `' ~ name ~ '` is an instant. Convert it.',
                    allowed='an expression that gives a timestamp or a date',
                    write='"to_timestamp(' ~ sql ~ ')"   # or as your warehouse has it',
                )) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}

