"""The same rows everywhere: every mart of one project, engine by engine.

DuckDB's marts are compared with the reference, so the other engines are compared with
DuckDB's, in all columns and rows; a failure prints the first rows that differ.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest
from click.testing import CliRunner

from companies_of_every_kind import bare, everything
from comparison import assert_equal_marts, mart_keys, public_marts
from consumer import Consumer
from driver_projects import with_drivers
from engines import Engine, Row, Table
from northstar.cli import main
from reference.companies import Config, batch

ENGINES = [
    pytest.param("postgres", marks=pytest.mark.postgres),
    pytest.param("spark", marks=pytest.mark.spark),
]


def assert_marts_agree(
    ours: Engine,
    duckdb: Engine,
    directory: Path,
    config: Config,
    tables: dict[str, Table],
    *,
    in_two_loads: bool = False,
) -> Consumer:
    """Build on both and fail with the first rows that differ; the project of ours."""
    expected = Consumer(directory / "duckdb", duckdb, vars=config, tables=tables)
    expected.build().assert_success()
    theirs = public_marts(expected)
    half = {
        name: Table(columns=table["columns"], rows=table["rows"][::2])
        for name, table in tables.items()
    }
    consumer = Consumer(
        directory / ours.name,
        ours,
        vars=config,
        tables=half if in_two_loads else tables,
        session_timezone="America/New_York",
    )
    consumer.build().assert_success()
    if in_two_loads:
        for name, table in tables.items():
            consumer.append(name, table["rows"][1::2])
        run = consumer.build().assert_success()
        assert "is built anew" not in run.log

    keys = mart_keys(expected)
    told = f"{ours.name}, against DuckDB"
    assert_equal_marts(public_marts(consumer), theirs, keys, told)
    assert theirs["northstar__metric_periods"]
    return consumer


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # MetricFlow's libraries
@pytest.mark.parametrize("name", ENGINES)
def test_one_metric_in_two_loads(
    name: str, tmp_path: Path, duckdb_engine: Engine, request: pytest.FixtureRequest
) -> None:
    engine: Engine = request.getfixturevalue(f"{name}_engine")
    config, tables = bare()
    typed = cast("dict[str, Table]", tables)
    small = config | {"northstar_using_drivers": False}

    consumer = assert_marts_agree(
        engine, duckdb_engine, tmp_path, small, typed, in_two_loads=True
    )

    # MetricFlow's SQL, on the profile's connection
    where = f"--project-dir={consumer.directory}"
    asked = ["query", "north_star", "--group-by", "metric_time__week", "--json", where]
    answer = CliRunner().invoke(main, asked)
    consumer.database.release()
    assert answer.exit_code == 0, answer.output
    answered = {
        row["metric_time__week"][:10]: row["north_star"]
        for row in json.loads(answer.output)
    }
    assert answered == {
        row["period_start"].isoformat(): row["value"]
        for row in consumer.rows("northstar__metric_periods")
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("number", [0, 4])
def test_a_batch_with_its_drivers_in_two_loads(
    name: str,
    number: int,
    tmp_path: Path,
    duckdb_engine: Engine,
    request: pytest.FixtureRequest,
) -> None:
    engine: Engine = request.getfixturevalue(f"{name}_engine")
    config, tables, _ = batch(range(number * 40, number * 40 + 8))
    typed = cast("dict[str, Table]", tables)

    assert_marts_agree(
        engine, duckdb_engine, tmp_path, config, typed, in_two_loads=True
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", ENGINES)
def test_numbers_of_nine_places(
    name: str, tmp_path: Path, duckdb_engine: Engine, request: pytest.FixtureRequest
) -> None:
    engine: Engine = request.getfixturevalue(f"{name}_engine")
    config, tables, _ = batch(range(120, 124))
    dice = Random("nine places")
    precise = {
        name: Table(
            columns=table["columns"],
            rows=[
                _with_nine_places(row, table["columns"], dice) for row in table["rows"]
            ],
        )
        for name, table in cast("dict[str, Table]", tables).items()
    }

    assert_marts_agree(engine, duckdb_engine, tmp_path, with_drivers(config), precise)


def _with_nine_places(
    row: Mapping[str, Any], columns: Mapping[str, str], dice: Random
) -> Row:
    """The row with some billionths more in each number."""
    return {
        name: Decimal(str(cell)) + Decimal(dice.randrange(10**9)).scaleb(-9)
        if columns[name] == "number" and cell is not None
        else cell
        for name, cell in row.items()
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", ENGINES)
def test_every_input_and_many_definitions(
    name: str, tmp_path: Path, duckdb_engine: Engine, request: pytest.FixtureRequest
) -> None:
    engine: Engine = request.getfixturevalue(f"{name}_engine")
    config, tables = everything()
    typed = cast("dict[str, Table]", tables)

    consumer = assert_marts_agree(engine, duckdb_engine, tmp_path, config, typed)

    assert sum(len(rows) for rows in public_marts(consumer).values()) > 1000
