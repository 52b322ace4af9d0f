"""Every row of every driver mart of random companies, as the reference has it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import cast

import pytest

from consumer import Consumer
from driver_projects import (
    assert_drivers_are_right,
    signals,
    with_drivers,
    with_signals,
    with_trials,
)
from engines import Engine, Table
from reference.companies import batch

# The first company and how many, and the least cell. Between them the metrics of the
# first two have every step that there is.
BATCHES = [(29640, 40, 0), (12636, 12, 3)]
ON_POSTGRES = (32964, 12, 5)
MANY = [(12 * number, 12, 3 * (number % 3)) for number in range(40)]


def assert_batch_is_right(
    first: int, companies: int, min_cell: int, directory: Path, engine: Engine
) -> None:
    drawn = batch(range(first, first + companies))
    config = with_signals(with_drivers(drawn.config, min_cell=min_cell))
    tables = cast("dict[str, Table]", dict(drawn.tables))
    tables["raw_signals"] = signals(first, date(2023, 6, 1), date(2024, 1, 10))
    if "raw_states" in tables:
        tables["raw_states"] = with_trials(tables["raw_states"])
    consumer = Consumer(directory, engine, vars=config, tables=tables)
    consumer.dbt("build").assert_success()

    assert_drivers_are_right(consumer, config, tables)


@pytest.mark.parametrize(("first", "companies", "min_cell"), BATCHES)
def test_drivers_are_as_in_the_reference(
    first: int, companies: int, min_cell: int, tmp_path: Path, duckdb_engine: Engine
) -> None:
    assert_batch_is_right(first, companies, min_cell, tmp_path, duckdb_engine)


@pytest.mark.postgres
def test_drivers_are_as_in_the_reference_on_postgres(
    tmp_path: Path, postgres_engine: Engine
) -> None:
    assert_batch_is_right(*ON_POSTGRES, tmp_path, postgres_engine)


@pytest.mark.slow
@pytest.mark.parametrize(("first", "companies", "min_cell"), MANY)
def test_drivers_of_many_more_companies(
    first: int, companies: int, min_cell: int, tmp_path: Path, duckdb_engine: Engine
) -> None:
    assert_batch_is_right(first, companies, min_cell, tmp_path, duckdb_engine)
