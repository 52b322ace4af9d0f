"""Where the nodes of a tree go, so that it stays legible whatever its size.

A tree that is too large for one drawing is cut into panels. A node whose drivers are
drawn in a panel of their own is folded: it says how many are below. What no North Star
is above, such as guardrails, stands in panels with a title.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from northstar.tree import Edge, Tree

TITLES = {"guardrail": "Guardrails", "candidate": "Candidates"}
ELSEWHERE = "Not connected to the North Star"


@dataclass(frozen=True)
class Panel:
    """A part of the tree: (name, depth) from the top down, each under its parent.

    `folded` are the nodes whose drivers are drawn elsewhere, with how many those are.
    """

    title: str
    rows: tuple[tuple[str, int], ...]
    folded: Mapping[str, int] = field(default_factory=dict)

    def links(self) -> Iterator[tuple[str, str]]:
        """(parent, child) of the rows."""
        above: list[str] = []
        for name, depth in self.rows:
            del above[depth:]
            if above:
                yield above[-1], name
            above.append(name)


@dataclass(frozen=True)
class Spot:
    """Where a card goes, in cells: columns to the right, rows down from the top."""

    name: str
    column: int
    row: float


def cut_into_panels(tree: Tree, limit: int) -> tuple[Panel, ...]:
    """The tree in panels of at most `limit` nodes (2 or more): the North Star first."""
    if limit < 2:
        raise ValueError(f"limit must be at least 2, not {limit}")
    panels: list[Panel] = []
    loose: dict[str, list[str]] = {}
    for root in tree.roots:
        title = lane(tree, root)
        if title and root not in tree.children:
            loose.setdefault(title, []).append(root)
        else:
            panels += _cut(tree, root, limit, title)
    for title in (*TITLES.values(), ELSEWHERE):
        names = loose.get(title, [])
        panels += [
            Panel(title, tuple((name, 0) for name in part))
            for part in _parts(names, limit)
        ]
    return tuple(panels)


def lane(tree: Tree, root: str) -> str:
    """The title over a root; a top has none."""
    if root in tree.tops:
        return ""
    return TITLES.get(tree.nodes[root].level, ELSEWHERE)


def _cut(tree: Tree, root: str, limit: int, title: str) -> list[Panel]:
    order = list(tree.below(root))
    sizes: dict[str, int] = {}
    kept: dict[str, list[str]] = {}
    panels: dict[str, list[Panel]] = {}
    for name in reversed(order):  # drivers before what they drive
        children = tree.children.get(name, ())
        sizes[name] = sum(sizes[child] + 1 for child in children)
        groups = {child: kept.pop(child) for child in children}
        for child in sorted(children, key=lambda child: -len(groups[child])):
            if 1 + sum(map(len, groups.values())) <= limit or len(groups[child]) == 1:
                break
            panels[child] = [_panel(tree, title, groups[child], sizes)]
            groups[child] = [child]
        flat = [name, *(below for group in groups.values() for below in group)]
        if len(flat) > limit and name != root:
            panels[name] = _chunks(tree, title, flat, limit, sizes)
            flat = [name]
        kept[name] = flat
    panels[root] = _chunks(tree, title, kept[root], limit, sizes)
    return [panel for name in order for panel in panels.get(name, ())]


def _chunks(
    tree: Tree, title: str, names: Sequence[str], limit: int, sizes: Mapping[str, int]
) -> list[Panel]:
    """A panel, or several under the same node where it has too many drivers."""
    if len(names) <= limit:
        return [_panel(tree, title, names, sizes)]
    parts = _parts(names[1:], limit - 1)
    return [
        _panel(
            tree,
            title or f"{tree.nodes[names[0]].label}, part {number} of {len(parts)}",
            [names[0], *part],
            sizes,
        )
        for number, part in enumerate(parts, start=1)
    ]


def _panel(
    tree: Tree, title: str, names: Sequence[str], sizes: Mapping[str, int]
) -> Panel:
    depths: dict[str, int] = {}
    for name in names:
        depths[name] = depths.get(tree.places.get(name, ""), -1) + 1
    folded = {
        name: sizes[name]
        for name in names
        if sizes[name] and not any(child in depths for child in tree.children[name])
    }
    return Panel(title, tuple(depths.items()), folded)


def _parts(names: Sequence[str], limit: int) -> list[Sequence[str]]:
    return [names[start : start + limit] for start in range(0, len(names), limit)]


def edges_within(tree: Tree, panel: Panel) -> list[Edge]:
    """The edges between nodes of a panel: those it is drawn by, then the others."""
    drawn = list(panel.links())
    names = {name for name, _ in panel.rows}
    known = set(drawn)
    others = [
        edge
        for name in names
        for edge in tree.edges_of.get(name, ())
        if edge.parent in names and (edge.parent, name) not in known
    ]
    others.sort(key=lambda edge: (edge.parent, edge.child))
    return [*(tree.edges_by_ends[link] for link in drawn), *others]


def lay_out(panel: Panel) -> tuple[Spot, ...]:
    """A spot for each row: leaves below each other, parents midway of their drivers."""
    children: dict[str, list[str]] = {}
    for parent, child in panel.links():
        children.setdefault(parent, []).append(child)
    rows: dict[str, float] = {}
    next_row = 0
    for name, _ in panel.rows:
        if name not in children:
            rows[name] = next_row
            next_row += 1
    for name, _ in reversed(panel.rows):
        if name in children:
            rows[name] = (rows[children[name][0]] + rows[children[name][-1]]) / 2
    return tuple(Spot(name, depth, rows[name]) for name, depth in panel.rows)
