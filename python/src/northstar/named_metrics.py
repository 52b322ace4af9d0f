"""A metric of the semantic layer for each metric that a project configured.

The package cannot ship these: only the project knows their names. `northstar semantic`
writes them into it, as a file of YAML over northstar__metric_periods. Names and labels
are text there, whatever they hold. The same manifest gives the same file.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from northstar.errors import NorthstarError
from northstar.manifest import PERIODS, Manifest
from northstar.semantic_spec import Yaml, as_yaml, to_new_form
from northstar.text import clean, short

Form = Literal["legacy", "new"]

MARK = "# Written by northstar semantic"
SEMANTIC_MODEL = "northstar_metric_periods"
VALUES = "northstar_metric_values"
"""The project's own model over the mart: the new form writes into a model's entry, and
dbt takes none for the model of a package."""

_ENTITY = "northstar_metric_period"
_MEASURE = "northstar_period_value"
_MOST_OF_A_LABEL = 200
_RESERVED = frozenset(
    {
        *("nanosecond", "microsecond", "millisecond", "second", "minute", "hour"),
        *("day", "week", "month", "quarter", "year", "metric_time"),
    }
)
"""Names that MetricFlow keeps for itself."""


class ForeignFileError(NorthstarError):
    """There is a file that the command did not write, and so leaves alone."""

    exit_code = 2


class StaleFileError(NorthstarError):
    """A file that the command wrote no longer says what the project configures."""

    exit_code = 1


@dataclass(frozen=True)
class NamedMetric:
    """The metric `name` of the semantic layer gives the configured `definition`."""

    name: str
    definition: str
    version: int
    label: str
    description: str


def named_metrics(manifest: Manifest) -> tuple[NamedMetric, ...]:
    """The metrics to write, by name of the definition.

    A definition for which the project has a metric of its own is left out. Where a name
    or a label is taken, another is found: both are unique in a project of dbt. Raises
    NorthstarError where none is left.
    """
    others = [metric for metric in manifest.metrics if not _is_written(metric)]
    owned = {
        name
        for metric in others
        if metric.get("package_name") != manifest.package
        for name in (metric.get("name"), _meta(metric).get("northstar_definition"))
    }
    names = {clean(metric.get("name")) for metric in others}
    labels = {clean(metric.get("label")) for metric in others}
    found = []
    for definition, said in sorted(manifest.definitions.items()):
        if definition in owned:
            continue
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", definition):
            raise NorthstarError(
                f"{clean(definition)} cannot be the name of a metric. Allowed: a "
                "lower-case letter, then lower-case letters, digits and underscores"
            )
        taken = names | _RESERVED | (manifest.definitions.keys() - {definition})
        name = definition
        while name in taken or len(name) < 2:
            name += "_value"
        label = short(clean(said.get("label")) or definition, _MOST_OF_A_LABEL)
        if label in labels:
            label = f"{label} ({definition})"
        names.add(name)
        labels.add(label)
        found.append(
            NamedMetric(
                name=name,
                definition=definition,
                version=_version(said),
                label=label,
                description=clean(said.get("plain_language")) or label,
            )
        )
    if not found:
        raise NorthstarError(
            "nothing to write: the project has a metric of its own for each of "
            "northstar_metrics"
        )
    return tuple(found)


def render_named_metrics(
    metrics: tuple[NamedMetric, ...], package: str, form: Form
) -> dict[str, str]:
    """The files to write, by ending: `yml`, and `sql` for the model of the new form."""
    source = f"ref('{package}', '{PERIODS}')"
    legacy: Yaml = {
        "semantic_models": [_semantic_model(source if form == "legacy" else None)],
        "metrics": [_metric(metric) for metric in metrics],
    }
    head = (
        f"{MARK}: it writes the file anew and keeps no change.\n"
        "# One metric for each of northstar_metrics, as northstar__metric_periods has "
        "it.\n"
    )
    if form == "legacy":
        return {"yml": head + as_yaml(legacy)}
    legacy["models"] = [_values_model()]
    new = to_new_form(legacy)
    sql = f"-- {MARK.removeprefix('# ')}\nselect * from {{{{ {source} }}}}\n"
    return {"yml": head + as_yaml(new), "sql": sql}


def write_named_metrics(
    path: Path, texts: Mapping[str, str], *, check: bool = False
) -> list[Path]:
    """Write the files and return those that were changed.

    `path` is that of the YAML file; the model of the new form goes beside it. With
    `check` nothing is written. Raises ForeignFileError where a file is in the way, and
    StaleFileError with `check` where a file would change.
    """
    wanted = {
        path if ending == "yml" else path.with_name(f"{VALUES}.{ending}"): text
        for ending, text in texts.items()
    }
    changed = []
    for file, text in wanted.items():
        is_there = file.exists() or file.is_symlink()
        before = _read(file) if is_there else None
        if before is not None and MARK.removeprefix("# ") not in before[:80]:
            raise ForeignFileError(
                f"{file} was not written by northstar semantic, and is left as it is. "
                "Move it away, or name another file with --out"
            )
        if before != text:
            changed.append(file)
    if check and changed:
        raise StaleFileError(
            f"{', '.join(map(str, changed))}: not what the project configures. Write "
            "anew with: dbt parse && northstar semantic"
        )
    for file in changed:
        _write(file, wanted[file])
    return changed


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""


def _write(file: Path, text: str) -> None:
    """Write it whole or not at all."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        number, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
        with os.fdopen(number, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
        Path(name).chmod(0o644)
        Path(name).replace(file)
    except OSError as error:
        raise ForeignFileError(f"cannot write {file}: {error}") from error


def _is_written(metric: Mapping[str, Any]) -> bool:
    """Whether this command wrote the metric, which shows in what it aggregates."""
    params = metric.get("type_params")
    params = params if isinstance(params, Mapping) else {}
    for key, name, ours in (
        ("measure", "name", _MEASURE),
        ("metric_aggregation_params", "semantic_model", SEMANTIC_MODEL),
    ):
        found = params.get(key)
        if isinstance(found, Mapping) and found.get(name) == ours:
            return True
    return False


def _version(said: Mapping[str, Any]) -> int:
    found = said.get("version", 1)
    return found if isinstance(found, int) else 1


def _meta(metric: Mapping[str, Any]) -> Mapping[str, Any]:
    config = metric.get("config")
    meta = config.get("meta") if isinstance(config, Mapping) else None
    return meta if isinstance(meta, Mapping) else {}


_DESCRIPTION = (
    "The configured metrics by their own periods. Over a coarser grain a metric has "
    "the value of its last period, since periods of entities are not to be added."
)
_DIMENSIONS = (
    ("period_start", "time", "The first local date of the period."),
    ("metric_name", "categorical", "The metric: a key of northstar_metrics."),
    ("metric_version", "categorical", "The version of its definition."),
    ("period_status", "categorical", "open, provisional or final."),
)


def _semantic_model(source: str | None) -> Yaml:
    return {
        "name": SEMANTIC_MODEL,
        "description": _DESCRIPTION,
        "model": source or f"ref('{VALUES}')",
        "primary_entity": _ENTITY,
        "defaults": {"agg_time_dimension": "period_start"},
        "dimensions": list(_dimensions()),
        "measures": [
            {
                "name": _MEASURE,
                "agg": "sum",
                "expr": "value",
                "non_additive_dimension": {
                    "name": "period_start",
                    "window_choice": "max",
                },
            }
        ],
    }


def _dimensions() -> Iterator[Yaml]:
    for name, kind, description in _DIMENSIONS:
        made: Yaml = {"name": name, "description": description, "type": kind}
        if kind == "time":
            made["type_params"] = {"time_granularity": "day"}
        yield made


def _values_model() -> Yaml:
    return {
        "name": VALUES,
        "description": _DESCRIPTION,
        "columns": [
            {"name": name, "description": description}
            for name, _, description in _DIMENSIONS
        ],
    }


def _metric(metric: NamedMetric) -> Yaml:
    return {
        "name": metric.name,
        "label": as_text_of_jinja(metric.label),
        "description": as_text_of_jinja(metric.description),
        "type": "simple",
        "type_params": {"measure": _MEASURE},
        "filter": (
            f"{{{{ Dimension('{_ENTITY}__metric_name') }}}} = '{metric.definition}' "
            f"and {{{{ Dimension('{_ENTITY}__metric_version') }}}} = {metric.version}"
        ),
        "config": {"meta": {"northstar_definition": metric.definition}},
    }


def as_text_of_jinja(text: str) -> str:
    """The text such that dbt, which renders YAML, gives it back as it was."""
    return re.sub(r"\{[{%#]", lambda found: f"{{{{ '{found[0]}' }}}}", text)
