"""How a tree changed, for whoever reviews the change."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from northstar.render_tree_diff import render_diff
from northstar.render_tree_json import render_json, tree_json
from northstar.tree import Tree
from northstar.tree_diff import (
    OtherTreeError,
    compare_trees,
    load_other_tree,
    read_other_tree,
)
from trees import hostile_tree, metric, semantic, star, tree, whole_tree, whole_values


def diff(old: Tree, new: Tree) -> str:
    return render_diff(compare_trees(tree_json(old), tree_json(new)))


BEFORE = {
    "active": metric(label="Active teams", drives=["north"], edge="component"),
    "invited": metric(label="Invited", drives=["north"]),
    "views": metric(label="Page views", drives=["active"]),
    "moved": metric(label="Moved", drives=["north"]),
    "kept": metric(label="Kept", drives=["north"]),
}
AFTER = {
    "active": metric(
        label="Active teams",
        drives=["north"],
        edge="component",
        window={"calendar": "month"},
        guardrails=["contacts"],
    ),
    "invited": metric(
        label="Invited members",
        drives=["north"],
        evidence="experiment",
        evidence_source="Test 12",
        owners={"functional": "Growth"},
        why="Teams that grow, stay.",
    ),
    "moved": metric(label="Moved", drives=["active"], version=2, target=5),
    "kept": metric(label="Kept", drives=["north"]),
    "added": metric(label="Added", drives=["invited"], owners={"data": "Analytics"}),
}


def test_it_is_as_in_the_golden_file(golden: Callable[[str, str], None]) -> None:
    golden("driver_tree_diff.md", diff(tree(BEFORE), tree(AFTER)))


def test_the_same_tree_has_no_changes_whatever_its_values() -> None:
    found = compare_trees(
        tree_json(whole_tree(), whole_values()), tree_json(whole_tree())
    )
    assert "Nothing changed." in render_diff(found)


def test_each_sort_of_change_is_in_its_list() -> None:
    found = compare_trees(tree_json(tree(BEFORE)), tree_json(tree(AFTER)))
    assert [node["name"] for node in found.added] == ["added"]
    assert [node["name"] for node in found.removed] == ["views"]
    assert [item.node["name"] for item in found.moved] == ["active", "invited", "moved"]
    assert [item.node["name"] for item in found.redefined] == ["active", "moved"]
    assert [item.node["name"] for item in found.handed_over] == ["invited"]
    assert [item.node["name"] for item in found.reworded] == ["invited"]


def test_another_computation_under_the_same_version_is_told() -> None:
    found = compare_trees(tree_json(tree(BEFORE)), tree_json(tree(AFTER)))
    assert found.unversioned == ("active",)
    versioned = {**BEFORE, "kept": metric(label="Kept", entity="user", version=2)}
    found = compare_trees(tree_json(tree(BEFORE)), tree_json(tree(versioned)))
    assert found.unversioned == ()


def test_a_parent_of_another_name_is_the_same_parent() -> None:
    shipped = semantic("north_star", "northstar", meta={"northstar_role": "north_star"})

    def with_parent(name: str) -> Tree:
        own = semantic("own", meta={"northstar_drives": name})
        return tree(semantic_metrics=[shipped, own])

    assert "## Moved" not in diff(with_parent("north"), with_parent("north_star"))


def test_hostile_texts_are_texts() -> None:
    text = diff(tree({"hostile_3": metric()}), hostile_tree())
    text.encode()
    assert "<img" not in re.sub(r"`[^`]*`", "", text)
    assert max(map(len, text.splitlines())) < 20_000


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "{}", '{"format": 1, "nodes": []}'),
        '{"format": 2, "nodes": [], "edges": []}',
        '{"format": 1, "nodes": [{}], "edges": []}',
    ],
)
def test_what_is_no_tree_says_so(text: str) -> None:
    with pytest.raises(OtherTreeError, match=r"old\.json is"):
        load_other_tree(text, "old.json")


def test_a_file_can_be_a_tree_or_a_manifest(tmp_path: Path) -> None:
    path = tmp_path / "old.json"
    path.write_text(render_json(tree(BEFORE)), encoding="utf-8")
    assert read_other_tree(str(path), path, tmp_path) == tree_json(tree(BEFORE))
    node = {
        "resource_type": "model",
        "name": "northstar__metric_definitions",
        "config": {"meta": {"northstar_definitions": {"north": star()}}},
    }
    path.write_text(json.dumps({"nodes": {"model.x": node}}), encoding="utf-8")
    assert read_other_tree(str(path), path, tmp_path)["north_star"] == "north"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository of git with a project in a folder of it, and its tree committed."""

    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.com")
        subprocess.run(
            ["git", *identity, *arguments],
            cwd=tmp_path,
            check=True,
            capture_output=True,
        )

    project = tmp_path / "analytics"
    (project / "docs").mkdir(parents=True)
    tree_file = project / "docs" / "driver_tree.json"
    tree_file.write_text(render_json(tree(BEFORE)), encoding="utf-8")
    git("init", "--quiet", "--initial-branch=main")
    git("add", ".")
    git("commit", "--quiet", "--message=tree", "--no-gpg-sign")
    tree_file.write_text(render_json(tree(AFTER)), encoding="utf-8")
    return project


@pytest.mark.parametrize("what", ["main", "HEAD", "main:docs/driver_tree.json"])
def test_a_commit_of_git_has_its_tree(repository: Path, what: str) -> None:
    beside = repository / "docs" / "driver_tree.json"
    assert read_other_tree(what, beside, repository) == tree_json(tree(BEFORE))


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("nowhere", "neither a file nor a commit"),
        ("--output=x", "neither a file nor a commit"),
        ("", "neither a file nor a commit"),
        ("main:docs/other.json", "northstar docs --format json"),
        ("main:../../x.json", "outside"),
    ],
)
def test_a_commit_without_a_tree_says_so(
    repository: Path, what: str, said: str
) -> None:
    with pytest.raises(OtherTreeError, match=said):
        read_other_tree(what, repository / "docs" / "driver_tree.json", repository)


def test_a_folder_outside_git_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(OtherTreeError, match="neither a file nor a commit"):
        read_other_tree("main", tmp_path / "tree.json", tmp_path)


def test_an_older_tree_without_some_keys_is_compared() -> None:
    old: Any = tree_json(tree(BEFORE))
    for node in old["nodes"]:
        del node["segments"]
    assert "Nothing changed." in render_diff(
        compare_trees(old, tree_json(tree(BEFORE)))
    )
