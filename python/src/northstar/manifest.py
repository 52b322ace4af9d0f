"""What dbt wrote down when it parsed a project: all that the tree is read from.

`target/manifest.json` holds the metrics of `northstar_metrics` (the model
northstar__metric_definitions carries them as meta), the metrics of the semantic layer,
and what is switched off. It is there after `dbt parse`; no warehouse is asked.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from northstar.errors import NorthstarError

DEFINITIONS = "northstar__metric_definitions"
PERIODS = "northstar__metric_periods"
PARSE = "Write it with: dbt parse"


class ManifestError(NorthstarError):
    """There is no manifest, or it is not of a project with northstar."""

    exit_code = 2


@dataclass(frozen=True)
class Manifest:
    """The parts of a manifest that say something about metrics.

    `definitions` and `experiments` are what the project wrote under northstar_metrics
    and northstar_experiments; `metrics` and `semantic_models` are nodes of the
    manifest; `disabled` names metrics that are switched off; `inputs` names the models
    and sources outside the package that the metrics are computed from.
    """

    project: str
    package: str = "northstar"
    definitions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    experiments: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    metrics: Sequence[Mapping[str, Any]] = ()
    semantic_models: Sequence[Mapping[str, Any]] = ()
    disabled: frozenset[str] = frozenset()
    inputs: Sequence[str] = ()


def find_manifest(project_dir: Path) -> Path:
    """Where dbt writes the manifest of the project in this folder."""
    folder = os.environ.get("DBT_TARGET_PATH", "")
    file = project_dir / "dbt_project.yml"
    if not folder and file.is_file():
        text = file.read_text(encoding="utf-8", errors="replace")
        found = re.search(
            r"^target-path:[ \t]*[\"']?([^\"'#\s{}]+)", text, re.MULTILINE
        )
        folder = found[1] if found else ""
    return project_dir / (folder or "target") / "manifest.json"


def read_manifest(path: Path) -> Manifest:
    """The manifest in this file.

    Raises ManifestError, with the command that mends it, where there is none, where it
    cannot be read, or where its project does not have northstar switched on.
    """
    if not path.is_file():
        raise ManifestError(
            f"no {path}. {PARSE}, in the folder of dbt_project.yml "
            "(or name the folder with --project-dir)"
        )
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ManifestError(f"cannot read {path}: {error}. {PARSE}") from error
    return load_manifest(found, str(path))


def load_manifest(found: Any, name: str = "the manifest") -> Manifest:
    """The parts of a manifest that was read already; `name` is for the message.

    Raises ManifestError as `read_manifest` does.
    """
    if not isinstance(found, dict) or not isinstance(found.get("nodes"), dict):
        raise ManifestError(f"{name} is not a manifest of dbt. {PARSE}")
    nodes: Mapping[str, Mapping[str, Any]] = found["nodes"]
    carrier = next(
        (
            node
            for _, node in sorted(nodes.items())
            if isinstance(node, dict)
            and (node.get("resource_type"), node.get("name")) == ("model", DEFINITIONS)
        ),
        None,
    )
    if carrier is None:
        raise ManifestError(
            f"no model {DEFINITIONS} in {name}: its project does not have northstar. "
            "Add it to packages.yml, run: dbt deps && dbt parse"
        )
    meta = _mapping(_mapping(carrier.get("config")).get("meta"))
    package = str(carrier.get("package_name", "northstar"))
    return Manifest(
        project=str(_mapping(found.get("metadata")).get("project_name") or "project"),
        package=package,
        definitions=_mappings(meta.get("northstar_definitions")),
        experiments=_mappings(meta.get("northstar_experiments")),
        metrics=_values(found.get("metrics")),
        semantic_models=_values(found.get("semantic_models")),
        disabled=_disabled_metrics(found.get("disabled")),
        inputs=_inputs(found, package),
    )


def _inputs(found: Mapping[str, Any], package: str) -> tuple[str, ...]:
    """Sources and models outside the package that northstar__metric_periods reads."""
    parents = _mapping(found.get("parent_map"))
    start = f"model.{package}.{PERIODS}"
    seen, waiting, outside = {start}, [start], set()
    while waiting:
        for parent in parents.get(waiting.pop()) or ():
            if parent in seen:
                continue
            seen.add(parent)
            kind, owner, *rest = str(parent).split(".")
            if owner == package and kind != "source":
                waiting.append(parent)
            elif kind in ("model", "source", "seed", "snapshot"):
                outside.add(".".join(rest))
    return tuple(sorted(outside))


def _disabled_metrics(found: Any) -> frozenset[str]:
    return frozenset(
        str(node.get("name"))
        for copies in _mapping(found).values()
        for node in copies
        if node.get("resource_type") == "metric"
    )


def _values(found: Any) -> tuple[Mapping[str, Any], ...]:
    nodes = (node for _, node in sorted(_mapping(found).items()))
    return tuple(node for node in nodes if isinstance(node, dict))


def _mapping(found: Any) -> Mapping[str, Any]:
    return found if isinstance(found, dict) else {}


def _mappings(found: Any) -> dict[str, Mapping[str, Any]]:
    return {
        str(name): item
        for name, item in _mapping(found).items()
        if isinstance(item, dict)
    }
