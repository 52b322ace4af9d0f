{#-
    The candidate that a misspelt word was probably meant to be, else none.

    Example: northstar.nearest('entites', ['entity', 'entities', 'events'])
    Returns: 'entities'

    Arguments:
        word: what was written; anything, shown as text
        candidates: the words allowed; those that are not text are passed over

    A candidate is near where it is the word in another case, the last part of a
    path (London for Europe/London), begins with the word or the word with it, or is
    within one edit for every three letters (a swap of neighbours is one edit).
-#}
{% macro nearest(word, candidates) -%}
    {%- set written = (word | string | lower | replace(' ', '_'))[:60] -%}
    {%- set reach = [1, (written | length + 1) // 3] | max -%}
    {%- set best = namespace(distance=reach + 1, candidate=none) -%}
    {%- for candidate in candidates if candidate is string and written -%}
        {%- set known = candidate | lower -%}
        {%- if best.distance == 0 -%}
        {%- elif known == written or known.endswith('/' ~ written) -%}
            {%- set best.distance = 0 -%}
            {%- set best.candidate = candidate -%}
        {%- elif best.distance > 1 and known | length > 2 and written | length > 2
            and (known.startswith(written) or written.startswith(known)) -%}
            {%- set best.distance = 1 -%}
            {%- set best.candidate = candidate -%}
        {%- elif (known | length - written | length) | abs < best.distance -%}
            {%- set distance = northstar._edit_distance(written, known) -%}
            {%- if distance < best.distance -%}
                {%- set best.distance = distance -%}
                {%- set best.candidate = candidate -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(best.candidate) }}
{%- endmacro %}


{#- Edits that turn one word into another: insert, delete, replace, swap. -#}
{% macro _edit_distance(one, other) -%}
    {%- set rows = [range(other | length + 1) | list] -%}
    {%- for i in range(1, one | length + 1) -%}
        {%- set row = [i] -%}
        {%- for j in range(1, other | length + 1) -%}
            {%- set same = one[i - 1] == other[j - 1] -%}
            {%- set ways = [
                rows[i - 1][j] + 1,
                row[j - 1] + 1,
                rows[i - 1][j - 1] + (0 if same else 1),
            ] -%}
            {%- if i > 1 and j > 1
                and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1] -%}
                {%- do ways.append(rows[i - 2][j - 2] + 1) -%}
            {%- endif -%}
            {%- do row.append(ways | min) -%}
        {%- endfor -%}
        {%- do rows.append(row) -%}
    {%- endfor -%}
    {{ return(rows[-1][-1]) }}
{%- endmacro %}
