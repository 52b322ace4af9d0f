"""How many threads dbt has, and who else uses the database, changes no row."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from comparison import assert_equal_marts, mart_keys, public_marts
from consumer import Consumer
from engines import Engine, Table
from reference.companies import batch

COMPANIES = 4
DRIVERS = {
    "northstar__activation_cohorts",
    "northstar__growth_accounting",
    "northstar__repeat_steps",
    "northstar__retention_cohorts",
    "northstar__segment_periods",
    "northstar__time_to_value",
}


def project(
    directory: Path, engine: Engine, seeds: int = 0, **options: Any
) -> Consumer:
    config, tables, _ = batch(range(seeds, seeds + COMPANIES))
    typed = cast("dict[str, Table]", tables)
    return Consumer(directory, engine, vars=config, tables=typed, **options)


SLOW_POSTGRES = [pytest.mark.postgres, pytest.mark.slow]
ENGINES = ["duckdb", pytest.param("postgres", marks=SLOW_POSTGRES)]


@pytest.mark.parametrize("name", ENGINES)
def test_threads_give_the_same_rows(
    name: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    engine: Engine = request.getfixturevalue(f"{name}_engine")
    consumer = project(tmp_path, engine)
    consumer.build().assert_success()
    expected, keys = public_marts(consumer), mart_keys(consumer)
    assert {name for name, rows in expected.items() if rows} >= DRIVERS

    # a full refresh by many threads, then a run on top of it
    for arguments in (["--threads=4", "--full-refresh"], ["--threads=8"]):
        consumer.build(*arguments).assert_success()

        told = f"{arguments}, against one thread"
        assert_equal_marts(public_marts(consumer), expected, keys, told)


@pytest.mark.parametrize("name", ENGINES)
def test_two_schemas_of_one_database_do_not_meet(
    name: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    engine: Engine = request.getfixturevalue(f"{name}_engine")
    consumer = project(tmp_path, engine)
    consumer.build().assert_success()
    expected, keys = public_marts(consumer), mart_keys(consumer)
    schema = consumer.database.schema

    # another target: other definitions, on the same raw tables
    config, _, _ = batch(range(COMPANIES))
    first = next(iter(config["northstar_metrics"]))
    consumer.set_vars(
        config
        | {
            "northstar_metrics": {first: config["northstar_metrics"][first]},
            "northstar_week_start": config["northstar_week_start"] % 7 + 1,
        }
    )
    consumer.use_schema("other")
    consumer.build().assert_success()
    others = public_marts(consumer)
    assert others != expected

    consumer.use_schema(schema)
    consumer.set_vars(config)
    run = consumer.build().assert_success()

    assert "is built anew" not in run.log
    assert_equal_marts(public_marts(consumer), expected, keys, "beside another schema")
    consumer.use_schema("other")
    consumer.dbt("parse").assert_success()
    assert {name: consumer.rows(name) for name in others} == others
