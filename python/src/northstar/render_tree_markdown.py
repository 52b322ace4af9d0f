"""The tree as Markdown with Mermaid diagrams, which code hosts draw.

Diagrams stay under the limits of Mermaid's defaults (50,000 characters, 500 edges): a
large tree is cut into several. Whatever a label holds, it is text: in Mermaid all but
letters, digits and the plainest marks is written as an entity, in Markdown every mark
is escaped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from northstar.text import plain, plain_order, short
from northstar.tree import Edge, Node, Tree, Version
from northstar.tree_layout import Panel, cut_into_panels, edges_within
from northstar.tree_values import TreeValues

PANEL = 40
"""Nodes in one diagram."""

LABEL = 60
"""Characters of a label in a diagram; the definition below it has all of them."""

LEVEL_NAMES = {
    "north_star": "North Star",
    "product_line": "Product line",
    "driver": "Driver",
    "input": "Input",
    "guardrail": "Guardrail",
    "candidate": "Candidate",
    "experiment": "Experiment",
}

_CLASSES = {
    "north_star": "fill:#0969da,stroke:#0550ae,color:#ffffff",
    "product_line": "fill:#ddf4ff,stroke:#0969da,color:#1f2328",
    "driver": "fill:#f6f8fa,stroke:#59636e,color:#1f2328",
    "input": "fill:#f6f8fa,stroke:#818b98,color:#1f2328",
    "guardrail": "fill:#fff8c5,stroke:#9a6700,color:#1f2328",
    "candidate": "fill:#ffffff,stroke:#818b98,color:#1f2328",
    "experiment": "fill:#fbefff,stroke:#8250df,color:#1f2328",
}
_ARROWS = {"component": "-->", "influence": "-.->", "experiment": "-.-"}


def render_markdown(tree: Tree, values: TreeValues | None = None) -> str:
    """A page: the diagrams, a table of all nodes, then each in full."""
    values = values or {}
    lines = [f"# Driver tree of {escape(tree.project)}", "", _summary(tree), ""]
    for panel in cut_into_panels(tree, PANEL):
        if panel.title:
            lines += [f"## {escape(short(panel.title, LABEL))}", ""]
        lines += ["```mermaid", *mermaid(tree, panel, values), "```", ""]
    lines += [
        "A solid line is a component: arithmetic. A dashed line is an influence: a "
        "claim, with its evidence. A line without an arrow leads from an experiment.",
        "",
        "## All metrics",
        "",
        *_table(tree, values),
        "",
        "## Definitions",
    ]
    for node in tree.nodes.values():
        lines += ["", *_definition(tree, node, values)]
    return "\n".join(lines) + "\n"


def _summary(tree: Tree) -> str:
    counts = dict.fromkeys(LEVEL_NAMES, 0)
    for node in tree.nodes.values():
        counts[node.level] += 1
    said = [
        f"{count} {LEVEL_NAMES[level].lower()}{'s' if count != 1 else ''}"
        for level, count in counts.items()
        if count and level != "north_star"
    ]
    tops = ", ".join(_link(tree.nodes[name]) for name in tree.tops) or "none"
    what = "What drives" if tree.top else "North Star:"
    return f"{what} {tops}. " + (", ".join(said) + "." if said else "")


# -------------------------------------------------------------------------- mermaid


def mermaid(tree: Tree, panel: Panel, values: TreeValues | None = None) -> list[str]:
    """The lines of a flowchart, without its fence."""
    values = values or {}
    names = [name for name, _ in panel.rows]
    lines = ["flowchart RL"]
    for name in names:
        node = tree.nodes[name]
        said = [mermaid_text(short(node.label, LABEL))]
        if name in values:
            value = values[name]
            said.append(mermaid_text(value.said(node.unit)))
        if name in panel.folded:
            said.append(f"{panel.folded[name]} below")
        label = "<br/>".join(said)
        lines.append(f'  {node_id(name)}["{label}"]:::{node.level}')
    lines += [_mermaid_edge(edge) for edge in edges_within(tree, panel)]
    for level in sorted({tree.nodes[name].level for name in names}):
        lines.append(f"  classDef {level} {_CLASSES[level]}")
    return lines


def _mermaid_edge(edge: Edge) -> str:
    arrow = _ARROWS[edge.kind]
    text = ""
    if edge.kind == "influence" and edge.evidence != "none":
        text = f"|{edge.evidence}|"
    if edge.verdict == "contradicted":
        text = "|not in the formula|"
    return f"  {node_id(edge.child)} {arrow}{text} {node_id(edge.parent)}"


@lru_cache(maxsize=4096)
def node_id(name: str) -> str:
    """An identifier for a name; different names have different ones.

    Metrics are called by letters, digits and `_`, which stay; other characters, as in
    the name of an experiment, become their code point.
    """
    return "n_" + "".join(
        character if re.fullmatch(r"[a-z0-9_]", character) else f"X{ord(character):x}X"
        for character in name
    )


def mermaid_text(text: str) -> str:
    """A text for a quoted label, in which nothing has a meaning of its own."""
    return "".join(
        character
        if character.isalnum() and character.isascii()
        else character
        if character in " ,()+:" or ord(character) > 0xFF
        else f"#{ord(character)};"
        for character in plain_order(text)
    )


# ------------------------------------------------------------------------- markdown


def _table(tree: Tree, values: TreeValues) -> list[str]:
    heads = ["metric", "level", "drives", "how", "owner", "guardrails"]
    if values:
        heads += ["value", "change"]
    lines = [_row(heads), _row(["---"] * len(heads))]
    for node in _in_order(tree):
        edges = tree.edges_of.get(node.name, ())
        cells = [
            _link(node),
            LEVEL_NAMES[node.level],
            ", ".join(_link(tree.nodes[edge.parent]) for edge in edges),
            ", ".join(dict.fromkeys(edge_words(edge) for edge in edges)),
            escape(short(main_owner(node), LABEL)),
            ", ".join(_named(tree, name) for name in node.guardrails),
        ]
        if values:
            value = values.get(node.name)
            cells += [
                escape(value.said(short(node.unit, 20))) if value else "",
                escape(value.change_text(node.unit)) if value else "",
            ]
        lines.append(_row(cells))
    return lines


def _in_order(tree: Tree) -> Iterable[Node]:
    for root in tree.roots:
        for name in tree.below(root):
            yield tree.nodes[name]


def _definition(tree: Tree, node: Node, values: TreeValues) -> list[str]:
    lines = [f'<a id="{node_id(node.name)}"></a>', "", f"### {escape(node.label)}", ""]
    if node.sentence:
        lines += [escape(node.sentence), ""]
    facts: list[tuple[str, str]] = [("name", code(node.name))]
    facts.append(("level", LEVEL_NAMES[node.level]))
    for edge in tree.edges_of.get(node.name, ()):
        parent = _link(tree.nodes[edge.parent])
        facts.append(("drives", f"{parent}: {escape(edge_words(edge, full=True))}"))
    facts += [("counts", escape(text)) for text in node.counts]
    facts += [("does not count", escape(text)) for text in node.does_not_count]
    facts.append(("why", escape(node.why)))
    facts.append(("owners", escape(owner_words(node))))
    facts.append(("guardrails", ", ".join(_named(tree, g) for g in node.guardrails)))
    for key, text in fact_words(node):
        facts.append((key, escape(text)))
    if node.name in values:
        value = values[node.name]
        parts = [value.said(node.unit), value.change_text(node.unit)]
        said = ", ".join(part for part in parts if part)
        facts.append(("value", escape(f"{said} ({value.period_text})")))
    facts.append(("reads", ", ".join(code(name) for name in node.reads)))
    facts.append(("made by", " → ".join(code(part) for part in node.lineage)))
    lines += [f"- **{key}**: {text}" for key, text in facts if text]
    if node.formula.lines:
        lines += ["", *fence("text", node.formula.lines)]
    if node.formula.computing is not None:
        written = json.dumps(plain(node.formula.computing), ensure_ascii=False)
        lines += ["", *fence("json", [written])]
    for query in query_lines(node):
        lines += ["", *fence("shell" if query.startswith("mf ") else "sql", [query])]
    return lines


def edge_words(edge: Edge, *, full: bool = False) -> str:
    """What an edge claims, and how well it is known."""
    if edge.kind == "component":
        verdicts = {
            "verified": "component",
            "unchecked": "component, not checked",
            "contradicted": "component, not in the formula",
        }
        words = verdicts[edge.verdict]
        return f"{words} ({edge.reason})" if full else words
    if edge.kind == "experiment":
        return "experiment"
    known = "no evidence" if edge.evidence == "none" else f"by {edge.evidence}"
    words = f"influence, {known}"
    return (
        f"{words} ({edge.evidence_source})" if full and edge.evidence_source else words
    )


def main_owner(node: Node) -> str:
    """Who to ask: the owner, else who can move it, else who computes it."""
    owners = dict(node.owners)
    for role in ("owner", "functional", "data", "sponsor"):
        if role in owners:
            return owners[role]
    return ""


def owner_words(node: Node) -> str:
    """All owners with their roles."""
    return ", ".join(
        name if role == "owner" else f"{name} ({role})" for role, name in node.owners
    )


def fact_words(node: Node) -> list[tuple[str, str]]:
    """The short facts of a node that are there, with their names."""
    facts = [
        ("segments", ", ".join(node.segments)),
        ("type", node.type),
        ("window", node.formula.window),
        ("unit", node.unit),
        ("better", node.direction),
        ("target", node.target),
        ("primary metric", node.primary_metric),
        ("runs", " to ".join(day for day in (node.start, node.end) if day)),
        ("version", node.version),
        ("effective from", node.effective_from),
        ("review due", node.review_due),
        ("approved by", node.approved_by),
        *(("version before", version_words(version)) for version in node.earlier),
        ("queried as", ", ".join(node.queried_as)),
        ("defined in", node.file),
    ]
    return [(key, text) for key, text in facts if text]


def version_words(version: Version) -> str:
    """A version that is no longer in force: since when it was, and what it counted."""
    since = f", from {version.effective_from}" if version.effective_from else ""
    by = f", approved by {version.approved_by}" if version.approved_by else ""
    computed = "; ".join(version.formula.lines)
    said = " ".join(part for part in (version.sentence, f"({computed})") if part)
    return f"{version.version}{since}{by}: {said}"


def query_lines(node: Node) -> list[str]:
    """How to ask for the metric: from the mart, or from the semantic layer."""
    queries = []
    if node.kind == "configured":
        queries.append(
            "select period_start, period_status, value, change\n"
            "from northstar__metric_periods\n"
            f"where metric_name = '{node.name}'\n"
            "order by period_start"
        )
    queries += [
        f"mf query --metrics {name} --group-by metric_time" for name in node.queried_as
    ]
    return queries


def _named(tree: Tree, name: str) -> str:
    node = tree.nodes.get(tree.resolve(name))
    return _link(node) if node else escape(name)


def _link(node: Node) -> str:
    return f"[{escape(short(node.label, LABEL))}](#{node_id(node.name)})"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def escape(text: str) -> str:
    """A text in which no mark of Markdown or HTML has a meaning."""
    marked = re.sub(r"([\\`*_\[\]|~$#])", r"\\\1", plain_order(text))
    marked = marked.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"^(?=[-+=])|^\d+(?=[.)])", r"\g<0>\\", marked)


def code(text: str) -> str:
    """A text in a code span that nothing in it can end."""
    if not text:
        return ""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    ticks = "`" * (longest + 1)
    pad = " " if "`" in text else ""
    return f"{ticks}{pad}{plain_order(text)}{pad}{ticks}"


def fence(language: str, lines: Sequence[str]) -> list[str]:
    """A code block that nothing in it can end."""
    text = plain_order("\n".join(lines))
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    ticks = "`" * max(3, longest + 1)
    return [f"{ticks}{language}", text, ticks]
