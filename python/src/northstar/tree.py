"""The driver tree: metrics and experiments as nodes, and what drives what as edges.

A node is a metric of northstar_metrics, a metric of the semantic layer that the package
ships, a metric of the team's own with `northstar_` keys in its config.meta, or an
experiment. Children name their parents. `build_tree` is a pure function of a manifest;
the same manifest gives the same tree, in the same order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cached_property
from typing import Any, Literal

from northstar.errors import UnknownMetricError
from northstar.formula import (
    Formula,
    configured_formula,
    semantic_formula,
    verify_component,
)
from northstar.manifest import PERIODS, Manifest
from northstar.text import clean, plain

Kind = Literal["configured", "shipped", "own", "experiment"]
Evidence = Literal["none", "association", "experiment"]

LEVELS = (
    "north_star",
    "product_line",
    "driver",
    "input",
    "guardrail",
    "candidate",
    "experiment",
)
EVIDENCE = ("none", "association", "experiment")
EDGES = ("component", "influence")
ROLES = (*LEVELS[:-1], "component")
DIRECTIONS = ("up", "down")

META_KEYS = frozenset(
    f"northstar_{key}"
    for key in (
        "role",
        "drives",
        "edge",
        "owner",
        "direction",
        "unit",
        "guardrails",
        "definition",
        "counts",
        "does_not_count",
        "why",
        "type",
        "review_due",
        "evidence",
        "evidence_source",
        "segments",
        "suppress",
    )
)
"""What config.meta of a metric of the semantic layer may say to the tree."""


@dataclass(frozen=True)
class Suppression:
    """A finding that somebody chose to live with; without a reason it does nothing."""

    rule: str
    reason: str


@dataclass(frozen=True)
class Version:
    """A definition that was in force before, and is published beside the new one."""

    version: str
    effective_from: str = ""
    approved_by: str = ""
    sentence: str = ""
    formula: Formula = field(default_factory=Formula)


@dataclass(frozen=True)
class Node:
    """A metric or an experiment.

    `drives` are the parents as written, the first one the place in the tree. `owners`
    are (role, name) pairs. `queried_as` names the metrics of the semantic layer that
    give a configured metric. `reads` are the sources and models outside the package
    that it is computed from, `lineage` the steps from them to it. `file` is where its
    definition is written, relative to the project. `earlier` are the versions before
    the one in force, the latest first. For an experiment, `primary_metric`,
    `start` and `end` are the brief's and `sentence` its hypothesis. Texts are empty
    where nothing was said.
    """

    name: str
    kind: Kind
    label: str
    level: str
    drives: tuple[str, ...] = ()
    edge: str = ""
    evidence: str = ""
    evidence_source: str = ""
    sentence: str = ""
    counts: tuple[str, ...] = ()
    does_not_count: tuple[str, ...] = ()
    why: str = ""
    owners: tuple[tuple[str, str], ...] = ()
    guardrails: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    type: str = ""
    unit: str = ""
    direction: str = ""
    target: str = ""
    version: str = ""
    effective_from: str = ""
    review_due: str = ""
    approved_by: str = ""
    earlier: tuple[Version, ...] = ()
    primary_metric: str = ""
    start: str = ""
    end: str = ""
    formula: Formula = field(default_factory=Formula)
    queried_as: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    lineage: tuple[str, ...] = ()
    file: str = ""
    suppressions: tuple[Suppression, ...] = ()
    unknown_words: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    """(key, what stands there, what may) for what the tree could not read.

    For a key that does not exist the second is empty and the third has all that do.
    """


@dataclass(frozen=True)
class Edge:
    """`child` drives `parent`.

    A component's `verdict` is verified, unchecked or contradicted, for the `reason`.
    An influence has its evidence; its verdict is empty.
    """

    parent: str
    child: str
    kind: Literal["component", "influence", "experiment"]
    evidence: str = ""
    evidence_source: str = ""
    verdict: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Tree:
    """All nodes by name, in order, and the edges between those that exist.

    `missing` are the (child, parent) pairs whose parent is no node; `disabled` names
    metrics that the project switched off; `aliases` gives the node that another name
    of the semantic layer stands for. Of a part of a tree, `top` is the node above it.
    """

    project: str
    nodes: Mapping[str, Node]
    edges: Sequence[Edge] = ()
    missing: Sequence[tuple[str, str]] = ()
    disabled: frozenset[str] = frozenset()
    aliases: Mapping[str, str] = field(default_factory=dict)
    top: str = ""

    @cached_property
    def north_stars(self) -> tuple[str, ...]:
        """Every metric of the level north_star; there should be one."""
        return tuple(n.name for n in self.nodes.values() if n.level == "north_star")

    @cached_property
    def tops(self) -> tuple[str, ...]:
        """What the tree is drawn from: the North Stars, or the top of a part."""
        return (self.top,) if self.top else self.north_stars

    @cached_property
    def places(self) -> Mapping[str, str]:
        """The parent under which each node is drawn: the first that it names.

        Where that leads round in a circle, the first that leads out of it. North Stars,
        nodes that drive nothing and those that a circle keeps from any root have none.
        """
        parents: dict[str, list[str]] = {}
        for name, node in self.nodes.items():
            named = dict.fromkeys(self.resolve(parent) for parent in node.drives)
            above = [parent for parent in named if parent in self.nodes]
            if above and node.level != "north_star":
                parents[name] = above
        places: dict[str, str] = {}
        waiting = sorted(parents)
        while waiting:
            unplaced = set(waiting)
            ready = [n for n in waiting if parents[n][0] not in unplaced]
            if ready:
                places.update((name, parents[name][0]) for name in ready)
            else:
                for name in waiting:
                    out = [p for p in parents[name] if p not in parents or p in places]
                    if out:
                        places[name] = out[0]
                        break
                else:
                    break
            waiting = [name for name in waiting if name not in places]
        return places

    @cached_property
    def children(self) -> Mapping[str, tuple[str, ...]]:
        """The nodes drawn under each: components, then influences, then experiments."""
        order = {"component": 0, "influence": 1, "experiment": 2}
        kinds = {(edge.parent, edge.child): order[edge.kind] for edge in self.edges}
        found: dict[str, list[str]] = {}
        for child, parent in self.places.items():
            found.setdefault(parent, []).append(child)
        return {
            parent: tuple(sorted(names, key=lambda n: (kinds[parent, n], n)))
            for parent, names in found.items()
        }

    @cached_property
    def edges_by_ends(self) -> Mapping[tuple[str, str], Edge]:
        """The edges by (parent, child)."""
        return {(edge.parent, edge.child): edge for edge in self.edges}

    @cached_property
    def edges_of(self) -> Mapping[str, tuple[Edge, ...]]:
        """The edges upwards of each node, the one it is drawn by first."""
        found: dict[str, list[Edge]] = {}
        for edge in self.edges:
            found.setdefault(edge.child, []).append(edge)
        return {
            child: tuple(
                sorted(
                    edges, key=lambda e: (e.parent != self.places.get(child), e.parent)
                )
            )
            for child, edges in found.items()
        }

    @cached_property
    def roots(self) -> tuple[str, ...]:
        """The nodes drawn under none, the tops first."""
        names = [name for name in self.nodes if name not in self.places]

        def order(name: str) -> tuple[bool, int, str]:
            level = LEVELS.index(self.nodes[name].level)
            return name not in self.tops, level, name

        return tuple(sorted(names, key=order))

    @cached_property
    def connected(self) -> frozenset[str]:
        """The nodes that lead to a top by any parent, and the tops."""
        drivers: dict[str, list[str]] = {}
        for edge in self.edges:
            drivers.setdefault(edge.parent, []).append(edge.child)
        found, waiting = set(self.tops), list(self.tops)
        while waiting:
            new = set(drivers.get(waiting.pop(), ())) - found
            found |= new
            waiting.extend(new)
        return frozenset(found)

    def below(self, name: str) -> Iterator[str]:
        """The node and all that is drawn under it, top down."""
        waiting = [name]
        while waiting:
            here = waiting.pop()
            yield here
            waiting.extend(reversed(self.children.get(here, ())))

    def part(self, root: str, depth: int | None = None) -> Tree:
        """The tree of a node and what is drawn under it, `depth` levels in all."""
        levels = {root: 1}
        for name in self.below(root):
            level = levels.get(name)
            if level is not None and (depth is None or level < depth):
                levels.update(dict.fromkeys(self.children.get(name, ()), level + 1))
        return replace(
            self,
            top=root,
            nodes={name: self.nodes[name] for name in sorted(levels)},
            edges=tuple(
                edge
                for edge in self.edges
                if edge.parent in levels and edge.child in levels
            ),
        )

    def resolve(self, name: str) -> str:
        """The node that a name stands for; the name itself where there is none."""
        return self.aliases.get(name, name)


def choose_node(tree: Tree, name: str | None) -> str:
    """The node of this name, or the North Star.

    Raises UnknownMetricError, with the nearest name, where there is none.
    """
    if name is None:
        if tree.north_stars:
            return tree.north_stars[0]
        raise UnknownMetricError(
            "the tree has no North Star; name a metric with --root"
        )
    found = tree.resolve(name)
    if found in tree.nodes:
        return found
    near = get_close_matches(name, [*tree.nodes, *tree.aliases], n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise UnknownMetricError(f"no metric of the tree is named {name}{hint}")


# ------------------------------------------------------------------------- building


def build_tree(manifest: Manifest) -> Tree:
    """The tree that a manifest describes."""
    nodes = {
        name: _configured_node(name, definition, manifest)
        for name, definition in manifest.definitions.items()
    }
    aliases: dict[str, str] = {}
    stars = sorted(name for name, node in nodes.items() if node.level == "north_star")
    for metric in manifest.metrics:
        meta = _meta(metric)
        if not any(str(key).startswith("northstar_") for key in meta):
            continue
        name = clean(metric.get("name"))
        same = _configured_twin(name, metric, meta, manifest, stars)
        if same:
            aliases[name] = same
            nodes[same] = _joined(nodes[same], metric, meta, manifest)
        else:
            nodes[name] = _semantic_node(name, metric, meta, manifest)
    for name, brief in manifest.experiments.items():
        unused = clean(name)
        while unused in nodes:
            unused += " (experiment)"
        nodes[unused] = _experiment_node(unused, brief)

    nodes = {
        name: replace(node, formula=_resolved(node.formula, aliases))
        for name, node in sorted(_switched_on(nodes, aliases, manifest).items())
    }
    edges, missing = _edges(nodes, aliases)
    return Tree(manifest.project, nodes, edges, missing, manifest.disabled, aliases)


def _switched_on(
    nodes: Mapping[str, Node], aliases: Mapping[str, str], manifest: Manifest
) -> Mapping[str, Node]:
    """The nodes but those that the package ships under a metric that is switched off.

    Whoever detaches a shipped driver detaches what it is made of. A metric of the
    project's own that hangs there stays, for a rule to find.
    """
    off = set(manifest.disabled)
    while True:
        left = {
            name
            for name, node in nodes.items()
            if node.kind == "shipped"
            and node.drives
            and all(p in off and aliases.get(p, p) not in nodes for p in node.drives)
        }
        if not left:
            return nodes
        off |= left
        nodes = {name: node for name, node in nodes.items() if name not in left}


def _edges(
    nodes: Mapping[str, Node], aliases: Mapping[str, str]
) -> tuple[tuple[Edge, ...], tuple[tuple[str, str], ...]]:
    claims: list[tuple[str, str]] = []
    missing: list[tuple[str, str]] = []
    for name, node in nodes.items():
        for written in dict.fromkeys(node.drives):
            parent = aliases.get(written, written)
            (claims if parent in nodes else missing).append((parent, name))
    components: dict[str, set[str]] = {}
    for parent, child in claims:
        if nodes[child].edge == "component":
            components.setdefault(parent, set()).add(child)

    edges = []
    for parent, child in dict.fromkeys(claims):
        node = nodes[child]
        if node.kind == "experiment":
            edges.append(Edge(parent, child, "experiment"))
        elif node.edge == "component":
            verdict = verify_component(
                parent,
                nodes[parent].formula,
                child,
                node.formula,
                components[parent] - {child},
            )
            edges.append(
                Edge(
                    parent,
                    child,
                    "component",
                    verdict=verdict.state,
                    reason=verdict.reason,
                )
            )
        else:
            evidence = node.evidence or "none"
            edges.append(
                Edge(parent, child, "influence", evidence, node.evidence_source)
            )
    return (
        tuple(sorted(edges, key=lambda edge: (edge.parent, edge.child))),
        tuple(sorted((child, parent) for parent, child in missing)),
    )


def _configured_node(
    name: str, definition: Mapping[str, Any], manifest: Manifest
) -> Node:
    owners = definition.get("owners")
    words = _Words(definition, prefix="")
    node = Node(
        name=clean(name),
        kind="configured",
        label=words.text("label") or clean(name),
        level=words.choice("level", LEVELS[:-1], "driver"),
        drives=words.names("drives"),
        edge=words.choice("edge", EDGES, "influence") if "drives" in definition else "",
        evidence=words.choice("evidence", EVIDENCE, ""),
        evidence_source=words.text("evidence_source"),
        sentence=words.text("plain_language"),
        counts=words.prose("counts"),
        does_not_count=words.prose("does_not_count"),
        why=words.text("why"),
        owners=tuple(
            (role, clean(owners[role]))
            for role in ("sponsor", "data", "functional")
            if isinstance(owners, Mapping) and owners.get(role)
        ),
        guardrails=words.names("guardrails"),
        segments=words.names("segments"),
        type=words.text("type"),
        unit=words.text("unit"),
        direction=words.choice("direction", DIRECTIONS, "up"),
        target=words.text("target"),
        version=words.text("version") or "1",
        effective_from=words.text("effective_from"),
        review_due=words.text("review_due"),
        approved_by=words.text("approved_by"),
        earlier=_earlier(name, definition.get("previous")),
        formula=configured_formula(name, plain(definition)),
        reads=tuple(manifest.inputs),
        lineage=(PERIODS, clean(name)),
        file="dbt_project.yml",
        suppressions=_suppressions(definition.get("suppress")),
    )
    return replace(node, unknown_words=tuple(words.unknown))


def _earlier(name: str, said: Any) -> tuple[Version, ...]:
    """The version that `previous` keeps."""
    if not isinstance(said, Mapping):
        return ()
    words = _Words(said, prefix="")
    return (
        Version(
            version=words.text("version"),
            effective_from=words.text("effective_from"),
            approved_by=words.text("approved_by"),
            sentence=words.text("plain_language"),
            formula=configured_formula(name, plain(said)),
        ),
    )


def _semantic_node(
    name: str, metric: Mapping[str, Any], meta: Mapping[str, Any], manifest: Manifest
) -> Node:
    shipped = metric.get("package_name") == manifest.package
    words = _Words(meta, prefix="northstar_")
    role = words.choice("role", ROLES, "driver")
    edge = words.choice(
        "edge", EDGES, "component" if role == "component" else "influence"
    )
    node = Node(
        name=name,
        kind="shipped" if shipped else "own",
        label=_short_label(clean(metric.get("label")), shipped) or name,
        level="driver" if role == "component" else role,
        drives=words.names("drives"),
        edge=edge if "northstar_drives" in meta else "",
        evidence=words.choice("evidence", EVIDENCE, ""),
        evidence_source=words.text("evidence_source"),
        sentence=words.text("definition") or clean(metric.get("description")),
        counts=words.prose("counts"),
        does_not_count=words.prose("does_not_count"),
        why=words.text("why"),
        owners=words.owner(),
        guardrails=words.names("guardrails"),
        segments=words.names("segments"),
        type=words.text("type"),
        unit=words.text("unit"),
        direction=words.choice("direction", DIRECTIONS, "up"),
        review_due=words.text("review_due"),
        formula=semantic_formula(metric, manifest.semantic_models),
        queried_as=(name,),
        lineage=_semantic_lineage(name, metric, manifest),
        file="dbt_project.yml" if shipped else clean(metric.get("original_file_path")),
        suppressions=_suppressions(meta.get("northstar_suppress")),
    )
    return replace(node, unknown_words=(*words.unknown, *_unknown_keys(meta)))


def _short_label(label: str, shipped: bool) -> str:
    """The tree shows whose drivers they are; a project's labels have to be unique."""
    rest = label.removeprefix("North Star ")
    return rest[:1].upper() + rest[1:] if shipped else label


def _semantic_lineage(
    name: str, metric: Mapping[str, Any], manifest: Manifest
) -> tuple[str, ...]:
    rows = semantic_formula(metric, manifest.semantic_models).rows
    for model in manifest.semantic_models:
        if model.get("name") == rows:
            relation = model.get("node_relation")
            table = relation.get("alias") if isinstance(relation, Mapping) else None
            return tuple(clean(part) for part in (table, rows, name) if part)
    return (name,)


def _experiment_node(name: str, brief: Mapping[str, Any]) -> Node:
    words = _Words(brief, prefix="")
    primary = words.text("primary_metric") or words.text("primary")
    owner = words.text("owner")
    return Node(
        name=name,
        kind="experiment",
        label=words.text("label") or name,
        level="experiment",
        drives=words.names("driver"),
        edge="experiment",
        sentence=words.text("hypothesis"),
        owners=(("owner", owner),) if owner else (),
        guardrails=words.names("guardrails"),
        segments=words.names("segments"),
        primary_metric=primary,
        start=words.text("start"),
        end=words.text("end"),
        file="dbt_project.yml",
        suppressions=_suppressions(brief.get("suppress")),
    )


def _configured_twin(
    name: str,
    metric: Mapping[str, Any],
    meta: Mapping[str, Any],
    manifest: Manifest,
    stars: Sequence[str],
) -> str:
    """The configured metric that a metric of the semantic layer gives, if it does.

    It says so by its name, by naming it as its definition, or, where the package ships
    it, by the role of the North Star.
    """
    if name in manifest.definitions:
        return name
    definition = meta.get("northstar_definition")
    if isinstance(definition, str) and definition in manifest.definitions:
        return definition
    shipped = metric.get("package_name") == manifest.package
    if shipped and meta.get("northstar_role") == "north_star" and stars:
        return stars[0]
    return ""


def _joined(
    node: Node, metric: Mapping[str, Any], meta: Mapping[str, Any], manifest: Manifest
) -> Node:
    """The configured metric with what its metric in the semantic layer adds.

    The definition stands; the meta fills in what it leaves out, such as the owner of
    all that the package ships. How the rows are added up is known from then on.
    """
    words = _Words(meta, prefix="northstar_")
    found = semantic_formula(metric, manifest.semantic_models)
    formula = node.formula
    if not formula.rows:
        formula = replace(
            formula, rows=found.rows, measure=found.measure, filter=found.filter
        )
    return replace(
        node,
        owners=node.owners or words.owner(),
        guardrails=node.guardrails or words.names("guardrails"),
        segments=node.segments or words.names("segments"),
        unit=node.unit or words.text("unit"),
        why=node.why or words.text("why"),
        formula=formula,
        queried_as=(*node.queried_as, clean(metric.get("name"))),
        suppressions=(
            *node.suppressions,
            *_suppressions(meta.get("northstar_suppress")),
        ),
        unknown_words=(*node.unknown_words, *_unknown_keys(meta)),
    )


def _resolved(formula: Formula, aliases: Mapping[str, str]) -> Formula:
    """The formula with nodes in place of their other names."""
    return replace(
        formula, inputs=tuple(aliases.get(name, name) for name in formula.inputs)
    )


# ---------------------------------------------------------------- reading what was said


class _Words:
    """Reads values of a definition or a meta; nothing that stands there is an error."""

    def __init__(self, said: Mapping[str, Any], prefix: str) -> None:
        self._said = said
        self._prefix = prefix
        self.unknown: list[tuple[str, str, tuple[str, ...]]] = []

    def text(self, key: str) -> str:
        found = self._said.get(self._prefix + key)
        return "" if isinstance(found, (Mapping, list)) else clean(found)

    def choice(self, key: str, allowed: Sequence[str], default: str) -> str:
        found = self._said.get(self._prefix + key)
        if found is None:
            return default
        if isinstance(found, str) and found in allowed:
            return found
        said = clean(found) or "empty"
        self.unknown.append((self._prefix + key, said, tuple(allowed)))
        return default

    def names(self, key: str) -> tuple[str, ...]:
        """Names from a list, one text, or the keys of a mapping (such as margins)."""
        found = self._said.get(self._prefix + key)
        if found is None:
            return ()
        if isinstance(found, str):
            found = [found]
        if not isinstance(found, (list, Mapping)):
            self.unknown.append(
                (self._prefix + key, clean(found), ("a list of names",))
            )
            return ()
        names = [
            clean(item.get("metric") or item.get("name"))
            if isinstance(item, Mapping)
            else clean(item)
            for item in found
        ]
        return tuple(name for name in dict.fromkeys(names) if name)

    def prose(self, key: str) -> tuple[str, ...]:
        """Sentences from a list or one text."""
        found = self._said.get(self._prefix + key)
        said = found if isinstance(found, list) else [found]
        return tuple(text for text in map(clean, said) if text)

    def owner(self) -> tuple[tuple[str, str], ...]:
        owner = self.text("owner")
        return (("owner", owner),) if owner else ()


def _unknown_keys(
    meta: Mapping[str, Any],
) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    return tuple(
        (clean(key), "", tuple(sorted(META_KEYS)))
        for key in sorted(meta, key=str)
        if str(key).startswith("northstar_") and key not in META_KEYS
    )


def _suppressions(found: Any) -> tuple[Suppression, ...]:
    """What stands under `suppress`; a bare code has no reason."""
    items = found if isinstance(found, list) else [] if found is None else [found]
    return tuple(
        Suppression(clean(item.get("rule")), clean(item.get("reason")))
        if isinstance(item, Mapping)
        else Suppression(clean(item), "")
        for item in items
    )


def _meta(metric: Mapping[str, Any]) -> Mapping[str, Any]:
    config = metric.get("config")
    meta = config.get("meta") if isinstance(config, Mapping) else None
    return meta if isinstance(meta, Mapping) else {}
