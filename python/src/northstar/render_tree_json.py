"""The tree as JSON, after schemas/driver_tree.schema.json."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from northstar.text import plain
from northstar.tree import Edge, Node, Tree
from northstar.tree_values import NodeValue, TreeValues

FORMAT = 1


def tree_schema() -> dict[str, Any]:
    """The JSON schema that `tree_json` follows."""
    text = files("northstar").joinpath("schemas/driver_tree.schema.json").read_text()
    schema: dict[str, Any] = json.loads(text)
    return schema


def render_json(tree: Tree, values: TreeValues | None = None) -> str:
    """The tree as text: the same tree gives the same bytes."""
    shown = tree_json(tree, values)
    return json.dumps(shown, indent=2, ensure_ascii=False) + "\n"


def tree_json(tree: Tree, values: TreeValues | None = None) -> dict[str, Any]:
    """The tree as values of JSON, in the order of names."""
    values = values or {}
    stars = tree.north_stars
    return {
        "format": FORMAT,
        "project": tree.project,
        "north_star": stars[0] if stars else None,
        "nodes": [
            _node(node, values.get(node.name), node.name in tree.connected)
            for node in tree.nodes.values()
        ],
        "edges": [_edge(edge) for edge in tree.edges],
    }


def _node(node: Node, value: NodeValue | None, connected: bool) -> dict[str, Any]:
    return {
        "name": node.name,
        "kind": node.kind,
        "label": node.label,
        "level": node.level,
        "drives": list(node.drives),
        "is_connected": connected,
        "sentence": node.sentence,
        "counts": list(node.counts),
        "does_not_count": list(node.does_not_count),
        "why": node.why,
        "owners": [{"role": role, "name": name} for role, name in node.owners],
        "guardrails": list(node.guardrails),
        "segments": list(node.segments),
        "type": node.type,
        "unit": node.unit,
        "direction": node.direction,
        "target": node.target,
        "version": node.version,
        "effective_from": node.effective_from,
        "review_due": node.review_due,
        "approved_by": node.approved_by,
        "earlier_versions": [
            {
                "version": version.version,
                "effective_from": version.effective_from,
                "approved_by": version.approved_by,
                "sentence": version.sentence,
                "formula": list(version.formula.lines),
                "definition": plain(version.formula.computing),
            }
            for version in node.earlier
        ],
        "experiment": (
            {
                "primary_metric": node.primary_metric,
                "start": node.start,
                "end": node.end,
            }
            if node.kind == "experiment"
            else None
        ),
        "formula": list(node.formula.lines),
        "definition": plain(node.formula.computing),
        "queried_as": list(node.queried_as),
        "reads": list(node.reads),
        "lineage": list(node.lineage),
        "file": node.file,
        "value": None if value is None else _value(value, node.direction),
    }


def _edge(edge: Edge) -> dict[str, Any]:
    return {
        "parent": edge.parent,
        "child": edge.child,
        "kind": edge.kind,
        "evidence": edge.evidence or None,
        "evidence_source": edge.evidence_source,
        "verdict": edge.verdict or None,
        "reason": edge.reason,
    }


def _value(value: NodeValue, direction: str) -> dict[str, Any]:
    def text(number: Any) -> str | None:
        return None if number is None else format(number, "f")

    return {
        "period_start": value.start.isoformat(),
        "period_end": value.end.isoformat(),
        "value": text(value.value),
        "change": text(value.change),
        "change_rate": text(value.change_rate),
        "status": value.status(direction),
        "points": [text(point) for point in value.points],
    }
