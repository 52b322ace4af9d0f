"""`northstar query`: SQL for the adapter, and a line where there is no answer.

That its answers are those of the marts is held in test_engines_agree.py, by engine.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from companies_of_every_kind import bare
from consumer import Consumer
from engines import Engine
from northstar.errors import NotBuiltError, SemanticQueryError
from northstar.render_rows import render_rows, rows_json
from northstar.semantic import SemanticQuery, render_query

pytestmark = [
    # MetricFlow is on a release of its own libraries that warns of the next.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

WEEKLY = SemanticQuery(["north_star"], ["metric_time__week"], limit=8)


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory, duckdb_engine: Engine) -> Path:
    config, _ = bare()
    folder = tmp_path_factory.mktemp("query")
    models = {"raw_app_events.sql": "select 1 as id"}
    consumer = Consumer(folder, duckdb_engine, vars=config, models=models)
    consumer.dbt("parse").assert_success()
    return folder / "target" / "semantic_manifest.json"


@pytest.mark.parametrize(
    "adapter",
    ["duckdb", "postgres", "spark", "databricks", "snowflake", "bigquery", "redshift"],
)
def test_a_query_is_rendered_for_every_adapter(manifest: Path, adapter: str) -> None:
    sql = render_query(WEEKLY, manifest, adapter)

    assert "northstar__north_star" in sql
    assert sql.rstrip().endswith("LIMIT 8")


def test_an_adapter_that_metricflow_does_not_know_is_named(manifest: Path) -> None:
    with pytest.raises(SemanticQueryError, match=r"the warehouse is oracle, .*spark"):
        render_query(WEEKLY, manifest, "oracle")


def test_a_metric_that_is_not_there_is_named(manifest: Path) -> None:
    with pytest.raises(SemanticQueryError, match="north_stars"):
        render_query(SemanticQuery(["north_stars"]), manifest, "spark")


def test_without_a_manifest_it_says_to_build(tmp_path: Path) -> None:
    with pytest.raises(NotBuiltError, match="dbt build"):
        render_query(WEEKLY, tmp_path / "semantic_manifest.json", "spark")


def test_rows_are_a_table_that_hostile_text_does_not_break() -> None:
    rows: list[dict[str, Any]] = [
        {"team": "a\n\x1b[31m", "teams": 3},
        {"team": None, "teams": 12},
    ]

    assert render_rows(rows) == (
        "team         teams\na\\n\\x1b[31m      3\n                12\n"
    )
    assert render_rows([]) == "no rows\n"
    assert rows_json(rows)[0] == {"team": "a\n\x1b[31m", "teams": 3}
