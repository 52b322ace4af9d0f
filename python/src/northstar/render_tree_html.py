"""The tree as one HTML page that needs nothing else: no network, no other file.

All texts are in the page's own markup, escaped; the script only shows and hides it. A
content security policy names the hashes of the one style and the one script, so that a
browser would refuse any other, and any request.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator, Sequence
from decimal import Decimal
from hashlib import sha256
from html import escape
from importlib.resources import files
from string import Template

from northstar.render_tree_markdown import (
    LEVEL_NAMES,
    edge_words,
    fact_words,
    main_owner,
    node_id,
    owner_words,
    query_lines,
)
from northstar.text import plain
from northstar.tree import Edge, Node, Tree
from northstar.tree_layout import ELSEWHERE, TITLES, lane
from northstar.tree_values import NodeValue, TreeValues, unit_text

SPARK_WIDTH, SPARK_HEIGHT = 44, 18

_OF_OTHERS = ("drives", "driven by")
_OTHERS = ' class="others"'  # the search leaves these out: they name other nodes


def render_html(tree: Tree, values: TreeValues | None = None) -> str:
    """The page: the same tree gives the same bytes."""
    values = values or {}
    style, script = _part("tree.css"), _part("tree.js")
    owners = sorted({name for node in tree.nodes.values() for _, name in node.owners})
    segments = sorted({s for node in tree.nodes.values() for s in node.segments})
    return Template(_part("tree.html")).substitute(
        title=f"Driver tree of {escape(tree.project)}",
        style=style,
        style_hash=_hash(style),
        script=script,
        script_hash=_hash(script),
        owner_options=_options(owners),
        owner_hidden="" if owners else " hidden",
        segment_options=_options(segments),
        segment_hidden="" if segments else " hidden",
        lanes="\n".join(_lanes(tree, values)),
        definitions="\n".join(
            _definition(tree, node, values.get(node.name))
            for node in tree.nodes.values()
        ),
    )


def spark_path(
    points: Sequence[Decimal | None], width: float, height: float
) -> tuple[str, tuple[float, float] | None]:
    """The `d` of a line through the points, and where the last one is.

    A null is a gap. The line fills the box but for two pixels at each edge; a line
    that never changes is in the middle.
    """
    known = [point for point in points if point is not None]
    if not known or len(points) < 2:
        return "", None
    low, high = min(known), max(known)
    edge = 2.0
    span = high - low
    path, last, pen = [], None, "M"
    for position, point in enumerate(points):
        if point is None:
            pen = "M"
            continue
        share = float((point - low) / span) if span else 0.5
        x = edge + (width - 2 * edge) * position / (len(points) - 1)
        y = height - edge - (height - 2 * edge) * share
        path.append(f"{pen}{x:.1f} {y:.1f}")
        last, pen = (x, y), "L"
    return "".join(path), last


# ------------------------------------------------------------------------- the tree


def _lanes(tree: Tree, values: TreeValues) -> Iterator[str]:
    lanes: dict[str, list[str]] = {}
    for root in tree.roots:
        lanes.setdefault(lane(tree, root), []).append(root)
    for title in ("", *TITLES.values(), ELSEWHERE):
        roots = lanes.get(title, [])
        if not roots:
            continue
        is_list = not any(root in tree.children for root in roots) and bool(title)
        label = title or f"Driver tree of {tree.project}"
        if title:
            yield f"<h2>{escape(title)}</h2>"
        kind = "lane list" if is_list else "lane"
        yield f'<ul class="{kind}" role="tree" aria-label="{escape(label)}">'
        for root in roots:
            yield from _items(tree, root, values)
        yield "</ul>"


def _items(tree: Tree, root: str, values: TreeValues) -> Iterator[str]:
    """The markup of a node and all below it, however deep that is."""
    below = _counts_below(tree, root)
    twigs = _twigs(tree)
    waiting: list[tuple[str, int, bool]] = [(root, 1, True)]
    closing: list[tuple[int, str]] = []
    while waiting:
        name, depth, is_last = waiting.pop()
        while closing and closing[-1][0] >= depth:
            above_depth, above = closing.pop()
            yield _closing(tree, twigs.get(above, ()), above_depth)
        children = tree.children.get(name, ())
        others = twigs.get(name, ())
        has_group = bool(children or others)
        yield _opening(tree, name, depth, is_last, below[name] or len(others), values)
        if not has_group:
            yield "</li>"
            continue
        yield '<ul role="group">'
        closing.append((depth, name))
        waiting += [
            (child, depth + 1, not others and child == children[-1])
            for child in reversed(children)
        ]
    for depth, name in reversed(closing):
        yield _closing(tree, twigs.get(name, ()), depth)


def _counts_below(tree: Tree, root: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    for name in reversed(list(tree.below(root))):
        counts[name] = sum(counts[c] + 1 for c in tree.children.get(name, ()))
    return counts


def _twigs(tree: Tree) -> dict[str, list[str]]:
    """Under each node those that drive it too, and are drawn elsewhere."""
    twigs: dict[str, list[str]] = {}
    for edge in tree.edges:
        if tree.places.get(edge.child) != edge.parent:
            twigs.setdefault(edge.parent, []).append(edge.child)
    return twigs


def _opening(
    tree: Tree, name: str, depth: int, is_last: bool, below: int, values: TreeValues
) -> str:
    node = tree.nodes[name]
    edge = _edge_to(tree, name, tree.places.get(name))
    classes = [node.level if node.level != "experiment" else "experiment-node"]
    if edge:
        classes.append(edge.kind)
        if edge.kind == "influence":
            classes.append(f"evidence-{edge.evidence}")
        if edge.verdict == "contradicted":
            classes.append("contradicted")
    if is_last:
        classes.append("last")
    expanded = ' aria-expanded="true"' if below else ""
    knob = (
        f'<span class="knob" aria-hidden="true" data-below="+{below}"></span>'
        if below
        else ""
    )
    identity = node_id(name)
    return (
        f'<li role="treeitem" id="{identity}" class="{" ".join(classes)}" '
        f'data-node="{identity}" data-owners="{_json([n for _, n in node.owners])}" '
        f'data-segments="{_json(node.segments)}" aria-level="{depth}" '
        f'aria-selected="false" tabindex="0" aria-labelledby="l-{identity}"{expanded}>'
        f'<div class="card"><div id="l-{identity}">'
        f'<bdi class="name" dir="auto">{escape(node.label)}</bdi>'
        f"{_number(node, values.get(name))}{_said(node, edge)}</div>{knob}</div>"
    )


def _closing(tree: Tree, twigs: Sequence[str], depth: int) -> str:
    """The end of a node, after those that drive it too and are drawn elsewhere."""
    shown = [_twig(tree.nodes[name], depth + 1, name == twigs[-1]) for name in twigs]
    return "".join([*shown, "</ul></li>"])


def _twig(node: Node, depth: int, is_last: bool) -> str:
    identity = node_id(node.name)
    last = " last" if is_last else ""
    return (
        f'<li role="treeitem" class="twig{last}" data-goto="{identity}" '
        f'aria-level="{depth}" aria-selected="false" tabindex="0">'
        f'<div class="card"><span class="said">also <bdi>{escape(node.label)}</bdi>'
        "</span></div></li>"
    )


def _said(node: Node, edge: Edge | None) -> str:
    """The small lines of a card: who answers for it, and how it drives its parent."""
    owner = main_owner(node)
    words = [f"<bdi>{escape(owner)}</bdi>"] if owner else []
    wrong = ""
    if node.kind == "experiment":
        words.append(escape(" to ".join(day for day in (node.start, node.end) if day)))
    elif edge and edge.verdict == "contradicted":
        wrong = f'<span class="said wrong">{escape(edge_words(edge))}</span>'
    elif edge:
        words.append(escape(edge_words(edge)))
    line = " · ".join(word for word in words if word)
    return wrong + (f'<span class="said">{line}</span>' if line else "")


def _number(node: Node, value: NodeValue | None) -> str:
    if value is None:
        return ""
    status = value.status(node.direction)
    changed = value.change_text(node.unit)
    change = (
        f'<small class="change {status}">{escape(changed)}</small>' if changed else ""
    )
    return (
        f'<span class="number"><b>{escape(value.value_text(node.unit))}</b>{change}'
        f"<small>{escape(unit_text(node.unit))}</small>{_spark(value)}</span>"
    )


def _spark(value: NodeValue) -> str:
    path, last = spark_path(value.points, SPARK_WIDTH, SPARK_HEIGHT)
    if last is None:
        return ""
    return (
        f'<svg class="spark" width="{SPARK_WIDTH}" height="{SPARK_HEIGHT}" '
        f'aria-hidden="true"><path d="{path}"/>'
        f'<circle cx="{last[0]:.1f}" cy="{last[1]:.1f}" r="2"/></svg>'
    )


# ------------------------------------------------------------------- a node in full


def _definition(tree: Tree, node: Node, value: NodeValue | None) -> str:
    identity = node_id(node.name)
    parts = [
        f'<article id="d-{identity}" aria-labelledby="h-{identity}">',
        '<button class="close" type="button" aria-label="Close">&times;</button>',
        f'<p class="level">{LEVEL_NAMES[node.level]}</p>',
        f'<h3 id="h-{identity}" tabindex="-1" dir="auto">{escape(node.label)}</h3>',
    ]
    if node.sentence:
        parts.append(f'<p dir="auto">{escape(node.sentence)}</p>')
    facts = list(_facts(tree, node, value))
    if facts:
        rows = "".join(
            f"<dt>{key}</dt><dd{_OTHERS if key in _OF_OTHERS else ''}>{markup}</dd>"
            for key, markup in facts
        )
        parts.append(f"<dl>{rows}</dl>")
    if node.formula.lines:
        parts.append(_block("Formula", "\n".join(node.formula.lines)))
    if node.formula.computing is not None:
        written = json.dumps(
            plain(node.formula.computing), indent=1, ensure_ascii=False
        )
        parts.append(_block("Definition", written))
    parts += [_block("Query", query, "query") for query in query_lines(node)]
    return "\n".join([*parts, "</article>"])


def _facts(
    tree: Tree, node: Node, value: NodeValue | None
) -> Iterator[tuple[str, str]]:
    yield "name", f"<code>{escape(node.name)}</code>"
    if value is not None:
        parts = [value.said(node.unit), value.change_text(node.unit)]
        said = ", ".join(part for part in parts if part)
        yield "value", f"{_text(said)}<br>{escape(value.period_text)}, final"
    for edge in tree.edges_of.get(node.name, ()):
        words = escape(edge_words(edge, full=True))
        yield "drives", f"{_link(tree.nodes[edge.parent])}: {words}"
    for text in node.counts:
        yield "counts", _text(text)
    for text in node.does_not_count:
        yield "does not count", _text(text)
    if node.why:
        yield "why", _text(node.why)
    if node.owners:
        yield "owners", _text(owner_words(node))
    if node.guardrails:
        yield "guardrails", ", ".join(_named(tree, name) for name in node.guardrails)
    for key, text in fact_words(node):
        yield key, _text(text)
    if node.reads:
        yield "reads", ", ".join(f"<code>{escape(n)}</code>" for n in node.reads)
    yield "made by", " → ".join(f"<code>{escape(n)}</code>" for n in node.lineage)
    drivers = tree.children.get(node.name, ())
    if drivers:
        yield "driven by", ", ".join(_link(tree.nodes[name]) for name in drivers)


def _named(tree: Tree, name: str) -> str:
    node = tree.nodes.get(tree.resolve(name))
    return _link(node) if node else _text(name)


def _link(node: Node) -> str:
    identity = node_id(node.name)
    label = escape(node.label)
    return f'<a href="#{identity}" data-node="{identity}"><bdi>{label}</bdi></a>'


def _text(text: str) -> str:
    return f'<bdi dir="auto">{escape(text)}</bdi>'


def _block(title: str, text: str, kind: str = "words") -> str:
    return (
        f'<h4 class="{kind}">{title}</h4>'
        f'<pre class="{kind}" tabindex="0">{escape(text)}</pre>'
    )


def _edge_to(tree: Tree, child: str, parent: str | None) -> Edge | None:
    for edge in tree.edges_of.get(child, ()):
        if edge.parent == parent:
            return edge
    return None


def _options(names: Sequence[str]) -> str:
    return "".join(
        f'<option value="{escape(name)}">{escape(name)}</option>' for name in names
    )


def _json(names: Sequence[str]) -> str:
    return escape(json.dumps(list(names), ensure_ascii=False))


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _part(name: str) -> str:
    return files("northstar").joinpath(f"templates/{name}").read_text(encoding="utf-8")
