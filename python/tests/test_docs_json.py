"""The tree as JSON follows its published schema."""

from __future__ import annotations

import json
from collections.abc import Callable

import jsonschema  # type: ignore[import-untyped]
import pytest

from northstar.render_tree_json import render_json, tree_json, tree_schema
from northstar.tree import Tree
from trees import hostile_tree, large_tree, tree, whole_tree, whole_values


def test_it_is_as_in_the_golden_file(golden: Callable[[str, str], None]) -> None:
    golden("driver_tree.json", render_json(whole_tree(), whole_values()))


@pytest.mark.parametrize(
    "found", [whole_tree(), hostile_tree(), large_tree(40), tree()], ids=str
)
def test_it_follows_the_schema(found: Tree) -> None:
    validator = jsonschema.Draft202012Validator(tree_schema())
    validator.check_schema(tree_schema())
    validator.validate(tree_json(found))
    validator.validate(tree_json(found, whole_values()))


def test_the_schema_refuses_what_is_not_said() -> None:
    shown = tree_json(whole_tree())
    validator = jsonschema.Draft202012Validator(tree_schema())
    shown["nodes"][0]["extra"] = 1
    assert not validator.is_valid(shown)
    del shown["nodes"][0]["extra"], shown["nodes"][0]["owners"]
    assert not validator.is_valid(shown)


def test_every_key_is_described_by_its_type() -> None:
    node = tree_schema()["$defs"]["node"]
    assert set(node["required"]) == set(node["properties"])


def test_nothing_in_it_depends_on_the_run() -> None:
    assert render_json(whole_tree()) == render_json(whole_tree())
    text = render_json(hostile_tree())
    text.encode()
    assert json.loads(text)["north_star"] == "north"
