"""Every row of every driver mart of random companies, as the reference has it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import cast

import pytest

from consumer import Consumer
from driver_projects import assert_drivers_are_right, signals, with_drivers
from engines import Engine, Table
from reference.companies import batch

COMPANIES = 12


def assert_batch_is_right(number: int, directory: Path, engine: Engine) -> None:
    drawn = batch(range(number * COMPANIES, (number + 1) * COMPANIES))
    config = with_drivers(drawn.config, number)
    tables = cast("dict[str, Table]", dict(drawn.tables))
    tables["raw_signals"] = signals(number, date(2023, 6, 1), date(2024, 1, 10))
    consumer = Consumer(directory, engine, vars=config, tables=tables)
    consumer.dbt("build").assert_success()

    assert_drivers_are_right(consumer, config, tables, f"batch {number}")


@pytest.mark.parametrize("number", [1])
def test_drivers_are_as_in_the_reference(
    number: int, tmp_path: Path, duckdb_engine: Engine
) -> None:
    assert_batch_is_right(number, tmp_path, duckdb_engine)


@pytest.mark.postgres
def test_drivers_are_as_in_the_reference_on_postgres(
    tmp_path: Path, postgres_engine: Engine
) -> None:
    assert_batch_is_right(2, tmp_path, postgres_engine)


@pytest.mark.slow
@pytest.mark.parametrize("number", [0, *range(3, 40)])
def test_drivers_of_many_more_companies(
    number: int, tmp_path: Path, duckdb_engine: Engine
) -> None:
    assert_batch_is_right(number, tmp_path, duckdb_engine)
