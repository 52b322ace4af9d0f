"""How one driver tree differs from another: for whoever reviews the change.

Both are given as JSON (see schemas/driver_tree.schema.json), so that the tree of an
earlier commit can be read from the file that was committed. Values are not compared.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from northstar.errors import NorthstarError
from northstar.manifest import load_manifest
from northstar.render_tree_json import FORMAT, tree_json
from northstar.tree import build_tree

Json = Mapping[str, Any]

_DEFINITION = (
    "level",
    "definition",
    "formula",
    "type",
    "unit",
    "direction",
    "target",
    "version",
    "effective_from",
    "guardrails",
    "segments",
    "experiment",
)
_OWNERS = ("owners", "approved_by", "review_due")
_WORDS = ("label", "sentence", "counts", "does_not_count", "why")


class OtherTreeError(NorthstarError):
    """The tree to compare with cannot be had."""

    exit_code = 2


@dataclass(frozen=True)
class Change:
    """What a key of a node was, and what it is."""

    key: str
    old: str
    new: str


@dataclass(frozen=True)
class Changed:
    """A node that is in both trees, and its changes of one sort."""

    node: Json
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class TreeDiff:
    """The nodes that differ, in the order of names; a node may be in several lists.

    `unversioned` names configured metrics that are computed otherwise than before
    under the same version.
    """

    added: tuple[Json, ...] = ()
    removed: tuple[Json, ...] = ()
    moved: tuple[Changed, ...] = ()
    redefined: tuple[Changed, ...] = ()
    handed_over: tuple[Changed, ...] = ()
    reworded: tuple[Changed, ...] = ()
    unversioned: tuple[str, ...] = ()
    labels: Mapping[str, str] | None = None


def compare_trees(old: Json, new: Json) -> TreeDiff:
    """The differences of two trees in JSON."""
    before = {node["name"]: node for node in old["nodes"]}
    after = {node["name"]: node for node in new["nodes"]}
    both = sorted(set(before) & set(after))
    old_edges, new_edges = _edges(old), _edges(new)

    def changed(keys: Sequence[str]) -> tuple[Changed, ...]:
        found = (
            Changed(after[name], _changes(before[name], after[name], keys))
            for name in both
        )
        return tuple(item for item in found if item.changes)

    moved = []
    for name in both:
        was, now = old_edges.get(name, {}), new_edges.get(name, {})
        changes = tuple(
            Change(parent, was.get(parent, ""), now.get(parent, ""))
            for parent in sorted({*was, *now})
            if was.get(parent) != now.get(parent)
        )
        if changes:
            moved.append(Changed(after[name], changes))
    return TreeDiff(
        added=tuple(after[name] for name in sorted(set(after) - set(before))),
        removed=tuple(before[name] for name in sorted(set(before) - set(after))),
        moved=tuple(moved),
        redefined=changed(_DEFINITION),
        handed_over=changed(_OWNERS),
        reworded=changed(_WORDS),
        unversioned=tuple(
            name
            for name in both
            if before[name].get("definition") != after[name].get("definition")
            and before[name].get("version") == after[name].get("version")
        ),
        labels={
            name: str(node.get("label")) for name, node in (before | after).items()
        },
    )


def _edges(tree: Json) -> dict[str, dict[str, str]]:
    """What each node says of each parent, also of one that does not exist."""
    found: dict[str, dict[str, str]] = {}
    for node in tree["nodes"]:
        for parent in node.get("drives") or ():
            found.setdefault(node["name"], {})[parent] = "named, but not there"
    for edge in tree.get("edges") or ():
        words = str(edge["kind"])
        if edge.get("evidence"):
            words += f", evidence: {edge['evidence']}"
        if edge.get("verdict"):
            words += f", {edge['verdict']}"
        parents = found.setdefault(edge["child"], {})
        parents[edge["parent"]] = words
    present = {node["name"] for node in tree["nodes"]}
    for name, parents in found.items():
        # The name of a metric of the semantic layer may stand for a configured one.
        known = [parent for parent in parents if parent in present]
        if known:
            found[name] = {parent: parents[parent] for parent in known}
    return found


def _changes(old: Json, new: Json, keys: Sequence[str]) -> tuple[Change, ...]:
    changes = []
    for key in keys:
        was, now = old.get(key), new.get(key)
        if was == now or (key not in old and not now):  # an older tree may lack it
            continue
        if isinstance(was, Mapping) and isinstance(now, Mapping):
            inner = sorted({*was, *now})
            changes += [
                Change(part, _said(was.get(part)), _said(now.get(part)))
                for part in inner
                if was.get(part) != now.get(part)
            ]
        elif key == "formula" and old.get("definition") and new.get("definition"):
            continue  # said by the definition
        else:
            changes.append(Change(key, _said(was), _said(now)))
    return tuple(changes)


def _said(found: Any) -> str:
    if found is None or found in ([], {}):
        return ""
    if isinstance(found, list) and all(isinstance(item, str) for item in found):
        return "; ".join(found)
    if isinstance(found, list) and all(
        isinstance(item, Mapping) and set(item) == {"role", "name"} for item in found
    ):
        return ", ".join(f"{item['name']} ({item['role']})" for item in found)
    if isinstance(found, str):
        return found
    return json.dumps(found, ensure_ascii=False, sort_keys=True)


# ------------------------------------------------------------------ the other tree


def read_other_tree(what: str, beside: Path, folder: Path) -> Json:
    """The tree of a file, or of a commit of git.

    A file is a tree in JSON or a manifest of dbt. A commit is anything that git knows
    one by; the file in it is `beside`, or what stands after a colon, from the folder.
    Raises OtherTreeError where there is no such thing.
    """
    path = Path(what)
    if path.is_file():
        try:
            return load_other_tree(path.read_text(encoding="utf-8"), what)
        except (OSError, UnicodeDecodeError) as error:
            raise OtherTreeError(f"cannot read {what}: {error}") from error
    reference, _, inside = what.partition(":")
    commit = _git(
        folder,
        [
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            f"{reference}^{{commit}}",
        ],
        f"{what} is neither a file nor a commit of git here",
    ).strip()
    wanted = Path(inside) if inside else beside
    root = Path(
        _git(folder, ["rev-parse", "--show-toplevel"], f"{folder} is in no git").strip()
    )
    try:
        within = (folder / wanted).resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        raise OtherTreeError(f"{wanted} is outside {root}") from None
    text = _git(
        folder,
        ["show", f"{commit}:{within}"],
        f"{within} is not in {reference}. Commit the tree, so that later ones can be "
        f"compared: northstar docs --format json --out a_folder_in_git",
    )
    return load_other_tree(text, what)


def load_other_tree(text: str, name: str) -> Json:
    """A tree from the text of a tree in JSON or of a manifest."""
    try:
        found = json.loads(text)
    except ValueError as error:
        raise OtherTreeError(f"{name} is not JSON: {error}") from error
    if isinstance(found, dict) and isinstance(found.get("nodes"), dict):
        return tree_json(build_tree(load_manifest(found, name)))
    if not (isinstance(found, dict) and found.get("format") == FORMAT):
        raise OtherTreeError(
            f"{name} is no driver tree of format {FORMAT}. "
            "Write one with: northstar docs --format json"
        )
    nodes, edges = found.get("nodes"), found.get("edges")
    whole = (
        isinstance(nodes, list)
        and isinstance(edges, list)
        and all(isinstance(n, dict) and isinstance(n.get("name"), str) for n in nodes)
        and all(
            isinstance(e, dict) and {"parent", "child", "kind"} <= set(e) for e in edges
        )
    )
    if not whole:
        raise OtherTreeError(f"{name} is a driver tree with parts missing")
    return found


def _git(folder: Path, arguments: Sequence[str], problem: str) -> str:
    try:
        run = subprocess.run(
            ["git", *arguments],
            cwd=folder,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
    except OSError as error:
        raise OtherTreeError(f"{problem}: {error}") from error
    if run.returncode:
        raise OtherTreeError(problem)
    return run.stdout
