"""Random companies with random definitions: every row of every mart, as the reference.

Companies of a batch share one project, so that one build tries many; a batch is its
number, so a failure comes back. `make test-all` tries 10,000 companies.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from comparison import assert_same_marts
from consumer import Consumer
from engines import Engine, Table
from reference.companies import batch

COMPANIES = 40

# The first batches of `make test`, on DuckDB and on PostgreSQL; and of `make test-all`.
FEW, FEW_ON_POSTGRES, MANY = 8, 2, 250


def assert_batch_is_right(number: int, directory: Path, engine: Engine) -> None:
    seeds = range(number * COMPANIES, (number + 1) * COMPANIES)
    config, tables, _ = batch(seeds)
    typed = cast("dict[str, Table]", tables)
    consumer = Consumer(directory, engine, vars=config, tables=typed, drivers=False)

    consumer.dbt("build").assert_success()

    assert_same_marts(consumer, config, tables)


@pytest.mark.parametrize("number", range(FEW))
def test_a_batch_on_duckdb(number: int, tmp_path: Path, duckdb_engine: Engine) -> None:
    assert_batch_is_right(number, tmp_path, duckdb_engine)


@pytest.mark.postgres
@pytest.mark.parametrize("number", range(FEW, FEW + FEW_ON_POSTGRES))
def test_a_batch_on_postgres(
    number: int, tmp_path: Path, postgres_engine: Engine
) -> None:
    assert_batch_is_right(number, tmp_path, postgres_engine)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(FEW + FEW_ON_POSTGRES, MANY))
def test_many_more_batches(number: int, tmp_path: Path, duckdb_engine: Engine) -> None:
    assert_batch_is_right(number, tmp_path, duckdb_engine)
