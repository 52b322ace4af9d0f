"""The tree as SVG, for slides: nothing in it runs, and nothing is asked of a network.

A large tree is drawn in panels beside one another, so that text stays readable at the
width of a slide. Each card is a picture of its own that cuts off what does not fit.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from xml.sax.saxutils import escape

from northstar.render_tree_html import spark_path
from northstar.render_tree_markdown import edge_words, main_owner
from northstar.text import short
from northstar.tree import Edge, Node, Tree
from northstar.tree_layout import Panel, Spot, cut_into_panels, edges_within, lay_out
from northstar.tree_values import NodeValue, TreeValues

PANELS = (12, 16, 24, 36)
"""Nodes in one panel: what makes the largest picture on a slide is taken."""

CARD_WIDTH, CARD_HEIGHT, VALUE_HEIGHT = 264, 46, 20
COLUMN_GAP, ROW_GAP = 52, 10
PANEL_GAP, MARGIN, TITLE = 56, 32, 34
SLIDE = 16 / 9
MOST_COLUMNS = 16
FONT = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif"


@dataclass(frozen=True)
class Theme:
    """The colours of a picture."""

    ground: str
    card: str
    border: str
    text: str
    quiet: str
    line: str
    accent: str
    accent_ground: str
    good: str
    bad: str
    guardrail: str
    experiment: str


LIGHT = Theme(
    ground="#ffffff",
    card="#ffffff",
    border="#d1d9e0",
    text="#1f2328",
    quiet="#59636e",
    line="#818b98",
    accent="#0969da",
    accent_ground="#ddf4ff",
    good="#116329",
    bad="#cf222e",
    guardrail="#bf8700",
    experiment="#8250df",
)
DARK = Theme(
    ground="#0d1117",
    card="#161b22",
    border="#3d444d",
    text="#f0f6fc",
    quiet="#9198a1",
    line="#656c76",
    accent="#4493f8",
    accent_ground="#121d2f",
    good="#3fb950",
    bad="#f85149",
    guardrail="#d29922",
    experiment="#ab7df8",
)
THEMES = {"light": LIGHT, "dark": DARK}


@dataclass(frozen=True)
class _Drawn:
    """A panel as markup, with the space that it takes."""

    markup: str
    width: float
    height: float


_Arrangement = tuple[list[tuple[_Drawn, float, float]], float, float]
"""Panels with their corners; the width and height of all."""


def render_svg(
    tree: Tree, values: TreeValues | None = None, theme: str = "light"
) -> str:
    """The picture: the same tree gives the same bytes. `theme` is light or dark."""
    colours = THEMES[theme]
    shown = values or {}
    title = f"Driver tree of {tree.project}"
    arrangements = []
    for limit in PANELS:
        panels = cut_into_panels(tree, limit)
        drawn = [_draw_panel(tree, panel, shown, colours) for panel in panels]
        arrangements.append(_arrange(drawn))
    placed, width, height = min(arrangements, key=_shrinking)
    legend_width = 640
    width = max(width, legend_width) + 2 * MARGIN
    height += 2 * MARGIN + TITLE + 30
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" '
        f'height="{height:g}" viewBox="0 0 {width:g} {height:g}" role="img" '
        f'font-family="{FONT}">',
        f"<title>{escape(title)}</title>",
        f"<desc>{escape(_description(tree))}</desc>",
        f'<rect width="{width:g}" height="{height:g}" fill="{colours.ground}"/>',
        _text(MARGIN, MARGIN + 12, short(title, 80), 18, colours.text, weight=600),
    ]
    for panel, x, y in placed:
        lines.append(
            f'<g transform="translate({MARGIN + x:g} {MARGIN + TITLE + y:g})">'
        )
        lines += [panel.markup, "</g>"]
    lines += [*_legend(colours, height - MARGIN + 6), "</svg>"]
    return "\n".join(lines) + "\n"


def text_width(text: str) -> float:
    """About how wide a text is, in widths of a digit: for cutting, not for placing."""
    if text.isascii():
        return len(text) + sum(map(str.isupper, text)) / 4
    width = 0.0
    for character in text:
        if unicodedata.combining(character) or unicodedata.category(character) == "Cf":
            continue
        wide = unicodedata.east_asian_width(character) in "WF"
        width += 2 if wide else 1.25 if character.isupper() else 1
    return width


@lru_cache(maxsize=4096)
def fit(text: str, digits: float) -> str:
    """As much of a text as goes into that many widths of a digit."""
    if text_width(text) <= digits:
        return text
    kept, width = "", 1.0
    for character in text:
        width += text_width(character)
        if width > digits:
            break
        kept += character
    return kept.rstrip() + "…"


@lru_cache(maxsize=4096)
def fit_ends(text: str, digits: float) -> str:
    """A text cut in its middle: labels of one family differ at their end."""
    if text_width(text) <= digits:
        return text
    end, width = "", 0.0
    for character in reversed(text):
        width += text_width(character)
        if width > digits / 3:
            break
        end = character + end
    return fit(text, digits - text_width(end)) + end.lstrip()


# ------------------------------------------------------------------------ the panels


def _arrange(panels: Sequence[_Drawn]) -> _Arrangement:
    """The panels in columns, in order, as near as can be to the shape of a slide."""
    if not panels:
        return [], 0, 0
    counts = range(1, min(len(panels), MOST_COLUMNS) + 1)
    return min((_in_columns(panels, count) for count in counts), key=_shrinking)


def _shrinking(arrangement: _Arrangement) -> float:
    """By how much it has to shrink to fit on a slide, in widths of one."""
    _, width, height = arrangement
    return max(width, height * SLIDE)


def _in_columns(panels: Sequence[_Drawn], count: int) -> _Arrangement:
    total = sum(panel.height + PANEL_GAP for panel in panels)
    columns: list[list[_Drawn]] = [[]]
    filled = 0.0
    for panel in panels:
        wanted = total * len(columns) / count
        if columns[-1] and len(columns) < count and filled + panel.height / 2 > wanted:
            columns.append([])
        columns[-1].append(panel)
        filled += panel.height + PANEL_GAP
    placed = []
    x = height = 0.0
    for column in columns:
        y = 0.0
        for panel in column:
            placed.append((panel, x, y))
            y += panel.height + PANEL_GAP
        height = max(height, y - PANEL_GAP)
        x += max(panel.width for panel in column) + PANEL_GAP
    return placed, x - PANEL_GAP, height


def _draw_panel(tree: Tree, panel: Panel, values: TreeValues, colours: Theme) -> _Drawn:
    spots = {spot.name: spot for spot in lay_out(panel)}
    has_values = any(name in values for name in spots)
    card = CARD_HEIGHT + (VALUE_HEIGHT if has_values else 0)
    top = 26 if panel.title else 0

    def corner(spot: Spot) -> tuple[float, float]:
        return spot.column * (CARD_WIDTH + COLUMN_GAP), top + spot.row * (
            card + ROW_GAP
        )

    lines = []
    if panel.title:
        title = fit(panel.title, 60)
        lines.append(_text(0, 12, title, 13, colours.quiet, weight=600))
    parents = {child: parent for parent, child in panel.links()}
    for edge in edges_within(tree, panel):
        start, end = corner(spots[edge.parent]), corner(spots[edge.child])
        is_other = parents.get(edge.child) != edge.parent
        lines.append(_line(edge, start, end, card, colours, is_other))
    for spot in spots.values():
        node = tree.nodes[spot.name]
        parent = parents.get(spot.name)
        lines += _card(
            node,
            None if parent is None else tree.edges_by_ends[parent, spot.name],
            values.get(spot.name),
            corner(spot),
            card,
            panel.folded.get(spot.name, 0),
            colours,
        )
    columns = max(spot.column for spot in spots.values()) + 1
    rows = max(spot.row for spot in spots.values()) + 1
    return _Drawn(
        "\n".join(lines),
        columns * (CARD_WIDTH + COLUMN_GAP) - COLUMN_GAP,
        top + rows * (card + ROW_GAP) - ROW_GAP,
    )


def _line(
    edge: Edge,
    start: tuple[float, float],
    end: tuple[float, float],
    card: float,
    colours: Theme,
    is_other: bool,
) -> str:
    x1, y1 = start[0] + CARD_WIDTH, start[1] + card / 2
    x2, y2 = end[0], end[1] + card / 2
    bend = (x1 + x2) / 2
    if x2 <= x1:  # not to the right of its parent: around the right edge of both
        x2 += CARD_WIDTH
        bend = max(x1, x2) + COLUMN_GAP * 0.6
    colour, dash = colours.line, ' stroke-dasharray="6 4"'
    if edge.kind == "component":
        colour, dash = (colours.line, "")
        if edge.verdict == "contradicted":
            colour = colours.bad
    elif edge.kind == "experiment":
        colour, dash = colours.experiment, ' stroke-dasharray="2 3"'
    elif edge.evidence != "none":
        colour = colours.accent
    width = 1 if is_other else 1.75
    return (
        f'<path d="M{x1:g} {y1:g}C{bend:g} {y1:g} {bend:g} {y2:g} {x2:g} {y2:g}" '
        f'fill="none" stroke="{colour}" stroke-width="{width}"{dash}/>'
    )


def _card(
    node: Node,
    edge: Edge | None,
    value: NodeValue | None,
    corner: tuple[float, float],
    height: float,
    folded: int,
    colours: Theme,
) -> Iterator[str]:
    is_star = node.level == "north_star"
    stripe = {
        "north_star": colours.accent,
        "product_line": colours.accent,
        "guardrail": colours.guardrail,
        "experiment": colours.experiment,
    }.get(node.level, colours.line)
    ground = colours.accent_ground if is_star else colours.card
    border = colours.accent if is_star else colours.border
    yield (
        f'<svg x="{corner[0]:g}" y="{corner[1]:g}" width="{CARD_WIDTH}" '
        f'height="{height:g}" overflow="hidden">'
    )
    yield f"<title>{escape(short(f'{node.label}: {node.sentence}', 300))}</title>"
    yield (
        f'<rect x="0.5" y="0.5" width="{CARD_WIDTH - 1}" height="{height - 1:g}" '
        f'rx="7" fill="{ground}" stroke="{border}"/>'
    )
    yield f'<rect x="0" y="6" width="4" height="{height - 12:g}" fill="{stripe}"/>'
    size, room = (13, 30) if text_width(node.label) <= 30 else (11, 35)
    label = fit_ends(node.label, room)
    yield _text(14, 19, label, size, colours.text, weight=600)
    y = 36.0
    if value is not None:
        yield from _value_line(node, value, colours, y + 2)
        y += VALUE_HEIGHT
    said = " · ".join(part for part in (main_owner(node), _edge_said(edge)) if part)
    wrong = edge is not None and edge.verdict == "contradicted"
    colour = colours.bad if wrong else colours.quiet
    yield _text(14, y, fit(said, 32 if folded else 40), 11, colour)
    if folded:
        words = f"{folded} below"
        yield _text(CARD_WIDTH - 10, y, words, 11, colours.quiet, anchor="end")
    yield "</svg>"


def _edge_said(edge: Edge | None) -> str:
    if edge is None or edge.kind == "experiment":
        return ""
    return "not in the formula" if edge.verdict == "contradicted" else edge_words(edge)


def _value_line(
    node: Node, value: NodeValue, colours: Theme, y: float
) -> Iterator[str]:
    said = fit(value.said(node.unit), 16)
    yield _text(14, y, said, 13, colours.text, weight=600)
    colour = {"better": colours.good, "worse": colours.bad}.get(
        value.status(node.direction), colours.quiet
    )
    changed = fit(value.change_text(node.unit), 12)
    yield _text(CARD_WIDTH - 72, y, changed, 11, colour, anchor="end")
    path, last = spark_path(value.points, 52, 18)
    if last is not None:
        yield (
            f'<g transform="translate({CARD_WIDTH - 62} {y - 14:g})">'
            f'<path d="{path}" fill="none" stroke="{colours.accent}" '
            'stroke-width="1.5"/>'
            f'<circle cx="{last[0]:.1f}" cy="{last[1]:.1f}" r="2" '
            f'fill="{colours.accent}"/></g>'
        )


def _legend(colours: Theme, y: float) -> Iterator[str]:
    entries = (
        ("component: arithmetic", colours.line, ""),
        ("influence without evidence", colours.line, ' stroke-dasharray="6 4"'),
        ("influence with evidence", colours.accent, ' stroke-dasharray="6 4"'),
        ("experiment", colours.experiment, ' stroke-dasharray="2 3"'),
    )
    x = float(MARGIN)
    for words, colour, dash in entries:
        yield (
            f'<path d="M{x:g} {y - 4:g}h26" stroke="{colour}" '
            f'stroke-width="1.75"{dash}/>'
        )
        yield _text(x + 33, y, words, 11, colours.quiet)
        x += 33 + len(words) * 5.6 + 18


def _text(
    x: float,
    y: float,
    text: str,
    size: int,
    colour: str,
    weight: int = 400,
    anchor: str = "start",
) -> str:
    bold = f' font-weight="{weight}"' if weight != 400 else ""
    side = f' text-anchor="{anchor}"' if anchor != "start" else ""
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size}" fill="{colour}"{bold}{side}>'
        f"{escape(text)}</text>"
    )


def _description(tree: Tree) -> str:
    tops = ", ".join(short(tree.nodes[name].label, 80) for name in tree.tops)
    size = f"{len(tree.nodes)} nodes, {len(tree.edges)} edges"
    what = "What drives" if tree.top else "North Star:"
    return f"{what} {tops or 'none'}; {size}."
