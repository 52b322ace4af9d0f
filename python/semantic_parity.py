"""Whether dbt reads the same from both forms of the semantic YAML.

    from semantic_parity import read_by, difference

A project of empty models with the package's names is parsed with semantic/v1, and
another with semantic/v2, each by a dbt of its own; what both wrote into
semantic_manifest.json must be the same. The package itself is not in it, so that a
version which cannot run the package yet can still read its semantic layer.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).resolve().parents[1]
SPINE = REPOSITORY / "models" / "marts" / "northstar__time_spine.yml"

Reading = dict[str, Any]
"""Semantic models, metrics and saved queries by name, in words common to both forms."""

_PROJECT = {
    "name": "northstar",
    "config-version": 2,
    "profile": "parity",
    "model-paths": ["models", "semantic"],
    "vars": {
        "northstar_using_drivers": True,
        "northstar_funnels": {"signup": {"entity": "user"}},
        "northstar_states": [{"columns": {"state": "a"}}, {"columns": {"value": "b"}}],
    },
}
_PROFILE = {
    "parity": {
        "target": "dev",
        "outputs": {"dev": {"type": "duckdb", "path": ":memory:"}},
    }
}
_UNIQUE_ROWS = (
    "{% test unique_rows(model, columns) %}select * from {{ model }} "
    "where 1 = 0{% endtest %}\n"
)


def write_project(folder: Path, form: str) -> None:
    """A project with the semantic YAML of this form, v1 or v2, over empty models."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(REPOSITORY / "semantic" / form, folder / "semantic")
    (folder / "models").mkdir()
    (folder / "macros").mkdir()
    (folder / "macros" / "unique_rows.sql").write_text(_UNIQUE_ROWS)
    (folder / "dbt_project.yml").write_text(json.dumps(_PROJECT))
    (folder / "profiles.yml").write_text(json.dumps(_PROFILE))
    shutil.copy(SPINE, folder / "models")
    for path in [SPINE, *sorted((folder / "semantic").glob("*.yml"))]:
        for model in yaml.safe_load(path.read_text()).get("models", ()):
            columns = ", ".join(f"null as {c['name']}" for c in model["columns"])
            (folder / "models" / f"{model['name']}.sql").write_text(
                f"select {columns}\n"
            )


def read_by(dbt: Path, folder: Path, form: str) -> Reading:
    """What this dbt reads from that form.

    Raises RuntimeError, with what dbt said, where it does not parse.
    """
    write_project(folder, form)
    command = [dbt, "--no-send-anonymous-usage-stats", "parse", "--profiles-dir", "."]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{form}: {done.stdout[-4000:]}{done.stderr[-4000:]}")
    text = (folder / "target" / "semantic_manifest.json").read_text()
    return reading(json.loads(text))


def reading(manifest: Mapping[str, Any]) -> Reading:
    """What a semantic manifest says, whichever form it was read from."""
    measures = {
        measure["name"]: measure | {"home": model["name"]}
        for model in manifest["semantic_models"]
        for measure in model["measures"]
    }
    time = {
        model["name"]: (model["defaults"] or {}).get("agg_time_dimension")
        for model in manifest["semantic_models"]
    }
    return {
        "semantic models": {
            model["name"]: {
                "description": _text(model["description"]),
                "table": model["node_relation"]["alias"],
                "primary entity": model["primary_entity"],
                "entities": len(model["entities"]),
                "dimensions": {
                    dimension["name"]: (
                        dimension["type"],
                        dimension.get("expr") or dimension["name"],
                        _text(dimension["description"]),
                        (dimension.get("type_params") or {}).get("time_granularity"),
                    )
                    for dimension in model["dimensions"]
                },
            }
            for model in manifest["semantic_models"]
        },
        "metrics": {
            metric["name"]: {
                "label": metric["label"],
                "description": _text(metric["description"]),
                "type": metric["type"],
                "filter": _filters(metric.get("filter")),
                "meta": (metric.get("config") or {}).get("meta") or {},
                "expr": metric["type_params"].get("expr")
                if metric["type"] == "derived"
                else None,
                "inputs": _inputs(metric["type_params"]),
                "aggregates": _aggregation(metric["type_params"], measures, time),
            }
            for metric in manifest["metrics"]
        },
        "saved queries": {
            query["name"]: (
                query["label"],
                _text(query["description"]),
                query["query_params"]["metrics"],
                query["query_params"]["group_by"],
            )
            for query in manifest["saved_queries"]
        },
    }


def _text(said: str | None) -> str:
    return (said or "").rstrip()


def _filters(found: Mapping[str, Any] | None) -> list[str]:
    filters = (found or {}).get("where_filters") or ()
    return [item["where_sql_template"] for item in filters]


def _inputs(params: Mapping[str, Any]) -> list[str]:
    parts = [params.get("numerator"), params.get("denominator")]
    return [part["name"] for part in [*parts, *(params.get("metrics") or ())] if part]


def _aggregation(
    params: Mapping[str, Any],
    measures: Mapping[str, Mapping[str, Any]],
    time: Mapping[str, str],
) -> tuple[Any, ...] | None:
    """Where a simple metric is, how it aggregates, what, and which rows of a period."""
    written = params.get("metric_aggregation_params")
    if written:
        home, expr = written["semantic_model"], params["expr"]
    elif params.get("measure"):
        written = measures[params["measure"]["name"]]
        home, expr = written["home"], written["expr"]
    else:
        return None
    sparse = written.get("non_additive_dimension") or {}
    return (
        home,
        written["agg"],
        str(expr),
        written.get("agg_time_dimension") or time[home],
        sparse.get("name"),
        sparse.get("window_choice"),
    )


def difference(ours: Any, theirs: Any, where: str = "") -> str:
    """The first place at which two readings differ, or nothing."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        if ours.keys() != theirs.keys():
            return f"{where}: only one has {sorted(ours.keys() ^ theirs.keys())}"
        found = (
            difference(said, theirs[name], f"{where}/{name}")
            for name, said in ours.items()
        )
        return next((place for place in found if place), "")
    return "" if ours == theirs else f"{where}: {ours!r} is not {theirs!r}"
