"""Both forms of the semantic YAML say the same."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from consumer import REPOSITORY
from northstar.semantic_spec import NotExpressibleError, as_yaml, to_new_form

FORMS = REPOSITORY / "semantic"
FILES = sorted(path.name for path in (FORMS / "v1").glob("*.yml"))

Yaml = dict[str, Any]


def read(form: str, name: str) -> Yaml:
    found: Yaml = yaml.safe_load((FORMS / form / name).read_text(encoding="utf-8"))
    return found


def module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def plain(text: str) -> str:
    return " ".join(text.split())


def stripped(said: Any) -> Any:
    return said.strip() if isinstance(said, str) else said


def said_by_legacy(file: Yaml) -> dict[str, Any]:
    """By name, what the semantic models and metrics of a legacy file say."""
    said: dict[str, Any] = {}
    measures: dict[str, Yaml] = {}
    for model in file.get("semantic_models", ()):
        said[model["name"]] = (
            plain(model["description"]),
            model["model"].split("'")[1],
            model["primary_entity"],
            model["defaults"]["agg_time_dimension"],
            {
                dimension["name"]: (
                    dimension["type"],
                    plain(dimension["description"]),
                    dimension.get("type_params", {}).get("time_granularity"),
                )
                for dimension in model["dimensions"]
            },
        )
        measures |= {measure["name"]: measure for measure in model["measures"]}
    for metric in file.get("metrics", ()):
        params = metric["type_params"]
        measure = measures.get(params.get("measure"), {})
        sparse = measure.get("non_additive_dimension", {})
        said[metric["name"]] = (
            *common(metric),
            measure.get("agg"),
            stripped(measure.get("expr", params.get("expr"))),
            (sparse.get("name"), sparse.get("window_choice")),
            params.get("numerator"),
            params.get("denominator"),
            params.get("metrics", []),
        )
    return said


def said_by_new(file: Yaml) -> dict[str, Any]:
    """The same of a file of the new form."""
    said: dict[str, Any] = {}
    for model in file.get("models", ()):
        said[model["semantic_model"]["name"]] = (
            plain(model["description"]),
            model["name"],
            model["primary_entity"],
            model["agg_time_dimension"],
            {
                column["name"]: (
                    column["dimension"]["type"],
                    plain(column["description"]),
                    column.get("granularity"),
                )
                for column in model["columns"]
                if "dimension" in column
            },
        )
        for metric in model["metrics"]:
            sparse = metric.get("non_additive_dimension", {})
            said[metric["name"]] = (
                *common(metric),
                metric.get("agg"),
                metric.get("expr"),
                (sparse.get("name"), sparse.get("window_agg")),
                metric.get("numerator"),
                metric.get("denominator"),
                [part["name"] for part in metric.get("input_metrics", ())],
            )
    return said


def common(metric: Mapping[str, Any]) -> tuple[Any, ...]:
    meta = metric.get("config", {}).get("meta", {})
    return metric["label"], plain(metric["description"]), metric["type"], meta


@pytest.mark.parametrize("name", FILES)
def test_both_forms_say_the_same(name: str) -> None:
    legacy, new = read("v1", name), read("v2", name)
    expected = said_by_legacy(legacy)
    found = said_by_new(new)
    assert found.keys() == expected.keys()
    for key, said in expected.items():
        assert found[key] == said, key
    assert [q["name"] for q in new.get("saved_queries", ())] == [
        q["name"] for q in legacy.get("saved_queries", ())
    ]
    # dbt 2 leaves no metric out, so what it is asked of is always there
    assert all(m["semantic_model"]["enabled"] is True for m in new.get("models", ()))


def test_the_new_form_is_generated_from_the_legacy_one() -> None:
    generate = module(REPOSITORY / "docs" / "generate.py")
    expected = generate.new_form(FORMS / "v1")
    assert sorted(path.name for path in (FORMS / "v2").glob("*")) == FILES
    for name, text in expected.items():
        assert (FORMS / "v2" / name).read_text(encoding="utf-8") == text, (
            f"semantic/v2/{name} is not what semantic/v1 says: make docs-pages"
        )


def described(file: Yaml, **said: Any) -> Yaml:
    """The file, with something more said by its semantic model."""
    changed = deepcopy(file)
    changed["semantic_models"][0].update(said)
    return changed


def test_what_the_new_form_cannot_say_is_refused() -> None:
    file = read("v1", "funnels.yml")
    inexpressible = {
        "is in another file": file | {"models": []},
        "has a description of its own": described(file, description="Mine."),
        "is not a column": described(
            file, dimensions=[{"name": "nowhere", "type": "categorical"}]
        ),
        "has entities of its own": described(
            file, entities=[{"name": "user", "type": "foreign"}]
        ),
        "is switched by": described(file, config={"enabled": False}),
    }
    for message, changed in inexpressible.items():
        with pytest.raises(NotExpressibleError, match=message):
            to_new_form(changed)


def test_text_is_written_as_it_is_read() -> None:
    label = "\"}} {% endraw %} '\n# : - *a &b !c 😀\u2028"
    hostile = {"label": label, "yes": ["on", None, True, 1]}
    assert yaml.safe_load(as_yaml(hostile)) == hostile
