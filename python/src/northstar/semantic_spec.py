"""Semantic models and metrics in the two forms of YAML that dbt has for them.

The legacy form has `semantic_models` with measures, and dbt Core reads it. The new form
writes a semantic model into the entry of its dbt model, where columns are dimensions
and metrics aggregate by themselves; dbt 2 reads nothing else. `to_new_form` takes the
one to the other. docs/semantic-layer.md lists what the new form has no place for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import yaml

Yaml = dict[str, Any]


class NotExpressibleError(ValueError):
    """The new form has no place for something that the legacy form says."""


def to_new_form(legacy: Mapping[str, Any]) -> Yaml:
    """A file of the legacy form in the new one.

    The file must hold, beside its semantic models, the `models` that they stand on.
    Saved queries are the same in both. Raises NotExpressibleError where the new form
    cannot say what the file says.
    """
    found: Yaml = {
        key: deepcopy(said)
        for key, said in legacy.items()
        if key not in ("semantic_models", "metrics")
    }
    models = {model["name"]: model for model in found.get("models") or ()}
    homes: dict[str, tuple[Yaml, Mapping[str, Any]]] = {}
    for semantic in legacy.get("semantic_models") or ():
        name = _model_name(semantic)
        if name not in models:
            raise NotExpressibleError(
                f"{semantic['name']} stands on {name}, whose entry is in another file: "
                "in the new form both are one entry"
            )
        _place(semantic, models[name])
        for measure in semantic.get("measures") or ():
            homes[measure["name"]] = (models[name], measure)

    metrics = {metric["name"]: metric for metric in legacy.get("metrics") or ()}
    for name, metric in metrics.items():
        home, measure = _home(name, metrics, homes)
        made = _metric(metric, measure)
        config = _config(metric, home)
        if config:
            made["config"] = config
        home.setdefault("metrics", []).append(made)
    for model in models.values():
        if "semantic_model" in model:
            # dbt 2 leaves no metric out, so what it is asked of has to stay
            model["semantic_model"]["enabled"] = True
    return found


def as_yaml(found: Mapping[str, Any]) -> str:
    """The text of a YAML file, the same for the same content.

    The line break at the end of a text goes: a folded one ends with it.
    """
    text: str = yaml.safe_dump(
        _stripped(found), sort_keys=False, allow_unicode=True, width=88
    )
    return text


def _stripped(found: Any) -> Any:
    if isinstance(found, Mapping):
        return {key: _stripped(said) for key, said in found.items()}
    if isinstance(found, list):
        return [_stripped(said) for said in found]
    return found.rstrip("\n") if isinstance(found, str) else found


def _model_name(semantic: Mapping[str, Any]) -> str:
    """The dbt model in `ref('a_model')` or `ref('a_package', 'a_model')`."""
    found = re.findall(r"'([^']+)'", semantic["model"])
    return str(found[-1])


def _place(semantic: Mapping[str, Any], model: Yaml) -> None:
    """Write a semantic model into the entry of its dbt model."""
    description = semantic.get("description")
    if description is not None and description != model.get("description"):
        raise NotExpressibleError(
            f"{semantic['name']} has a description of its own: in the new form it is "
            f"that of {model['name']}"
        )
    config = semantic.get("config") or {}
    model["semantic_model"] = {
        "name": semantic["name"],
        "enabled": config.get("enabled", True),
        # dbt Core 1.12 reads `enabled` only where there is a config
        "config": {"meta": config.get("meta", {})},
    }
    model["primary_entity"] = semantic["primary_entity"]
    model["agg_time_dimension"] = semantic["defaults"]["agg_time_dimension"]
    columns = {column["name"]: column for column in model.get("columns") or ()}
    for dimension in semantic.get("dimensions") or ():
        column = columns.get(dimension["name"])
        if column is None or "expr" in dimension:
            raise NotExpressibleError(
                f"{dimension['name']} of {semantic['name']} is not a column of "
                f"{model['name']}"
            )
        if dimension.get("description") not in (None, column.get("description")):
            raise NotExpressibleError(
                f"{dimension['name']} of {semantic['name']} has a description of its "
                "own: in the new form it is that of its column"
            )
        column["dimension"] = {"type": dimension["type"]}
        if dimension["type"] == "time":
            column["granularity"] = dimension["type_params"]["time_granularity"]
    if semantic.get("entities"):
        raise NotExpressibleError(f"{semantic['name']} has entities of its own")


def _home(
    name: str,
    metrics: Mapping[str, Mapping[str, Any]],
    homes: Mapping[str, tuple[Yaml, Mapping[str, Any]]],
) -> tuple[Yaml, Mapping[str, Any]]:
    """The entry that a metric goes into, with its measure if it is a simple one."""
    if name not in metrics:
        raise NotExpressibleError(f"{name} is defined in another file")
    params = metrics[name]["type_params"]
    if "measure" in params:
        return homes[params["measure"]]
    home, _ = _home(_inputs(params)[0], metrics, homes)
    return home, {}


def _inputs(params: Mapping[str, Any]) -> list[str]:
    if "metrics" in params:
        return list(params["metrics"])
    return [params["numerator"], params["denominator"]]


def _metric(metric: Mapping[str, Any], measure: Mapping[str, Any]) -> Yaml:
    """A metric of the new form, its keys in the order in which they are read."""
    params = metric["type_params"]
    made: Yaml = {key: metric[key] for key in ("name", "label", "description", "type")}
    if measure:
        made |= {"agg": measure["agg"], "expr": measure["expr"]}
        sparse = measure.get("non_additive_dimension")
        if sparse:
            made["non_additive_dimension"] = {
                "name": sparse["name"],
                "window_agg": sparse["window_choice"],
            }
    elif metric["type"] == "ratio":
        made |= {"numerator": params["numerator"], "denominator": params["denominator"]}
    elif metric["type"] == "derived":
        made |= {
            "expr": params["expr"],
            "input_metrics": [{"name": name} for name in _inputs(params)],
        }
    else:
        raise NotExpressibleError(f"{metric['name']} is of the type {metric['type']}")
    if "filter" in metric:
        made["filter"] = metric["filter"]
    return made


def _config(metric: Mapping[str, Any], home: Mapping[str, Any]) -> Yaml:
    """The config of a metric, without the switch that it shares with its model.

    dbt 2 does not render `enabled` of a metric: written by an expression, it is off in
    the project itself and on in a package. In a model that is off, dbt Core has no
    metrics.
    """
    config = deepcopy(dict(metric.get("config") or {}))
    enabled = config.pop("enabled", True)
    if enabled != home["semantic_model"]["enabled"]:
        raise NotExpressibleError(
            f"{metric['name']} is switched by {enabled}, and its semantic model is not"
        )
    return config
