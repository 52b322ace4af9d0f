"""What changed in a driver tree, as Markdown for a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from northstar.render_tree_markdown import LEVEL_NAMES, code, escape
from northstar.text import short
from northstar.tree_diff import Change, Changed, Json, TreeDiff

MOST = 400
"""Characters of one text: what is longer is to be read in the tree itself."""


def render_diff(diff: TreeDiff) -> str:
    """The changes, those of the numbers first. The same changes give the same text."""
    labels = diff.labels or {}
    sections = (
        ("added", [_new(node, labels) for node in diff.added]),
        ("removed", [_title(node) for node in diff.removed]),
        ("moved", [_moved(item, labels) for item in diff.moved]),
        ("defined otherwise", [_item(c, diff.unversioned) for c in diff.redefined]),
        ("of other owners or dates", [_item(item) for item in diff.handed_over]),
        ("in other words", [_item(item) for item in diff.reworded]),
    )
    lines = ["# Changes to the driver tree", ""]
    said = [f"{len(items)} {title}" for title, items in sections if items]
    lines.append(f"{', '.join(said)}." if said else "Nothing changed.")
    for title, items in sections:
        if items:
            lines += ["", f"## {title.capitalize()}", "", *items]
    return "\n".join(lines) + "\n"


def _title(node: Json) -> str:
    label = escape(short(str(node.get("label") or node["name"]), 80))
    return f"- **{label}** ({code(short(str(node['name']), 80))})"


def _new(node: Json, labels: Mapping[str, str]) -> str:
    level = str(node.get("level"))
    said = [LEVEL_NAMES.get(level, level).lower()]
    parents = [_label(name, labels) for name in node.get("drives") or ()]
    if parents:
        said.append(f"drives {', '.join(parents)}")
    owners = [str(owner.get("name")) for owner in node.get("owners") or ()]
    said.append(
        f"owned by {escape(short(', '.join(owners), 120))}" if owners else "no owner"
    )
    sentence = str(node.get("sentence") or "")
    more = f"  \n  {escape(short(sentence, MOST))}" if sentence else ""
    return f"{_title(node)}: {', '.join(said)}{more}"


def _moved(item: Changed, labels: Mapping[str, str]) -> str:
    lines = [_title(item.node)]
    for change in item.changes:
        parent = _label(change.key, labels)
        if not change.old:
            lines.append(f"  - drives {parent} ({escape(change.new)})")
        elif not change.new:
            lines.append(f"  - no longer drives {parent}")
        else:
            lines.append(f"  - {parent}: {escape(change.old)} → {escape(change.new)}")
    return "\n".join(lines)


def _item(item: Changed, unversioned: tuple[str, ...] = ()) -> str:
    lines = [_title(item.node), *(f"  - {line}" for line in _lines(item.changes))]
    if item.node["name"] in unversioned:
        version = escape(str(item.node.get("version")))
        lines.append(f"  - **computed otherwise, and still version {version}**")
    return "\n".join(lines)


def _lines(changes: tuple[Change, ...]) -> Iterator[str]:
    for change in changes:
        old = escape(short(change.old, MOST)) or "nothing"
        new = escape(short(change.new, MOST)) or "nothing"
        yield f"{change.key.replace('_', ' ')}: {old} → {new}"


def _label(name: str, labels: Mapping[str, str]) -> str:
    return escape(short(labels.get(name, name), 80))
