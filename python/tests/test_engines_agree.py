"""The same rows everywhere: every mart of one project, engine by engine.

DuckDB's marts are compared with the reference, so the other engines are compared with
DuckDB's, in all columns and rows; a failure prints the first rows that differ.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from companies_of_every_kind import everything
from comparison import Marts, assert_equal_marts, mart_keys, public_marts
from consumer import Consumer
from engines import Engine, Table


@pytest.fixture(scope="module")
def of_duckdb(
    tmp_path_factory: pytest.TempPathFactory, duckdb_engine: Engine
) -> tuple[Marts, dict[str, list[str]]]:
    consumer = project(tmp_path_factory.mktemp("of_duckdb"), duckdb_engine)
    return public_marts(consumer), mart_keys(consumer)


def project(directory: Path, engine: Engine) -> Consumer:
    """A company with every input and definition, built with its tests."""
    config, tables = everything()
    typed = cast("dict[str, Table]", tables)
    consumer = Consumer(directory, engine, vars=config, tables=typed)
    consumer.dbt("build").assert_success()
    return consumer


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("postgres", marks=pytest.mark.postgres),
        pytest.param("spark", marks=pytest.mark.spark),
    ],
)
def test_every_mart_equals_that_of_duckdb(
    name: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    of_duckdb: tuple[Marts, dict[str, list[str]]],
) -> None:
    engine: Engine = request.getfixturevalue(f"{name}_engine")
    theirs, keys = of_duckdb

    ours = public_marts(project(tmp_path, engine))

    assert_equal_marts(ours, theirs, keys, f"{name}, against DuckDB")
    assert sum(len(rows) for rows in theirs.values()) > 1000
