"""`northstar semantic`: what a project configured, as metrics of the semantic layer.

That dbt and MetricFlow read what it writes is tested in test_semantic_layer.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from northstar.errors import NorthstarError
from northstar.manifest import Manifest
from northstar.named_metrics import (
    MARK,
    ForeignFileError,
    StaleFileError,
    named_metrics,
    render_named_metrics,
    write_named_metrics,
)
from trees import HOSTILE, metric, semantic, star


def manifest(
    definitions: Mapping[str, Any], metrics: list[dict[str, Any]] | None = None
) -> Manifest:
    return Manifest("consumer", definitions=definitions, metrics=metrics or [])


def names(*arguments: Any) -> list[tuple[str, str]]:
    found = named_metrics(manifest(*arguments))
    return [(metric.name, metric.definition) for metric in found]


def test_each_configured_metric_gets_one_in_order_of_names() -> None:
    definitions = {"orders": metric(version=3, label="Orders"), "north": star()}
    north, orders = named_metrics(manifest(definitions))
    assert (north.name, north.version, north.label) == ("north", 1, "north")
    assert (orders.name, orders.version, orders.label) == ("orders", 3, "Orders")
    assert orders.description == "The number of teams in a week."


def test_a_name_that_is_taken_gets_another() -> None:
    shipped = semantic("north_star", "northstar")
    # MetricFlow keeps the names of grains, and takes none of one letter
    definitions = dict.fromkeys(["day", "x", "x_value", "north_star"], metric())
    assert names(definitions, [shipped]) == [
        ("day_value", "day"),
        ("north_star_value", "north_star"),
        ("x_value_value", "x"),
        ("x_value", "x_value"),
    ]


def test_labels_are_unique_in_the_project() -> None:
    others = [semantic("other", label="Teams"), semantic("s", "northstar", label="S")]
    definitions = {name: metric(label="Teams") for name in ("a1", "a2")}
    definitions["a3"] = metric(label="S")
    found = named_metrics(manifest(definitions, others))
    assert [m.label for m in found] == ["Teams (a1)", "Teams (a2)", "S (a3)"]


def test_what_the_project_has_named_itself_is_left_out() -> None:
    measure = {"name": "northstar_period_value"}
    own = [
        semantic("orders"),
        semantic("mine", meta={"northstar_definition": "refunds"}),
        # what the command itself wrote before is no reason
        {**semantic("north"), "type_params": {"measure": measure}},
    ]
    definitions = dict.fromkeys(["north", "orders", "refunds"], metric())
    assert names(definitions, own) == [("north", "north")]
    with pytest.raises(NorthstarError, match="nothing to write"):
        named_metrics(manifest({"orders": metric()}, own))


@pytest.mark.parametrize("form", ["legacy", "new"])
def test_whatever_a_label_holds_is_text(form: Any) -> None:
    definitions = {
        f"m{number}": metric(label=text, plain_language=text)
        for number, text in enumerate(HOSTILE)
    }
    found = named_metrics(manifest(definitions))
    texts = render_named_metrics(found, "northstar", form)
    assert texts == render_named_metrics(found, "northstar", form)
    assert texts["yml"].startswith(MARK)
    written = yaml.safe_load(texts["yml"])
    if form == "new":
        (model,) = written["models"]
        assert "ref('northstar', 'northstar__metric_periods')" in texts["sql"]
        written = model
    assert [m["name"] for m in written["metrics"]] == sorted(definitions)
    assert len({m["label"] for m in written["metrics"]}) == len(HOSTILE)


def test_a_file_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "models" / "metrics.yml"
    texts = {"yml": f"{MARK}\nmetrics: []\n"}
    with pytest.raises(StaleFileError):
        write_named_metrics(path, texts, check=True)
    assert not path.exists()
    assert write_named_metrics(path, texts) == [path]
    assert write_named_metrics(path, texts) == []
    assert write_named_metrics(path, texts, check=True) == []

    for foreign in ("metrics: []\n", "", "\udc80"):
        path.write_bytes(foreign.encode("utf-8", "surrogateescape"))
        with pytest.raises(ForeignFileError, match="was not written by"):
            write_named_metrics(path, texts)
        assert path.read_bytes() == foreign.encode("utf-8", "surrogateescape")
    path.unlink()
    path.symlink_to(tmp_path / "nowhere")
    with pytest.raises(ForeignFileError):
        write_named_metrics(path, texts)
