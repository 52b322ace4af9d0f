"""A build that adds to earlier ones equals one from nothing, to the row, always.

Random companies whose raw tables grow load by load, with a build after each load. In
the end, and for one schedule after every load, every public mart is compared with that
of another project, which was built once on the same raw tables. A schedule is its
number (`schedules.schedule`), and a company in it is a schedule of its own.
`make test-all` tries more than 1,000.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from comparison import (
    assert_equal_marts,
    assert_same_marts,
    mart_keys,
    public_marts,
)
from consumer import Consumer
from driver_projects import KEYS as DRIVERS
from driver_projects import MAY_BE_OFF
from engines import Engine, Row
from reference.companies import INPUT_COLUMNS
from schedules import Schedule, schedule

# Schedules of `make test`, by number, and of `make test-all`: of forty companies each
# on DuckDB, and of fewer on PostgreSQL.
FEW, MANY = [7], [number for number in range(26) if number != 7]
FEW_ON_POSTGRES, MANY_ON_POSTGRES = [100], range(101, 107)


def upsets(of: Schedule) -> Iterator[str]:
    """What a schedule holds that a build of new rows alone would get wrong."""
    columns = {
        source["relation"]["ref"]: source["columns"] | source["attributes"]
        for source in of.config["northstar_events"]
    }
    earlier: list[Row] = []
    for number, load in enumerate(of.loads):
        rows = [
            {column: row[mapped] for column, mapped in columns[table].items()}
            for table, found in load.events.items()
            for row in found
        ]
        loaded_before = {row["loaded_at"] for row in earlier if row.get("loaded_at")}
        ids = {row["event_id"]: row for row in earlier if row["event_id"]}
        devices = {row.get("anonymous_id") for row in earlier if not row["user_id"]} - {
            None,
            "",
        }
        paid = {row["order_id"] for row in earlier if row["event_name"] == "order_paid"}
        for row in rows:
            loaded, first = row.get("loaded_at"), ids.get(row["event_id"])
            if loaded and loaded_before:
                if loaded in loaded_before:
                    yield "a row loaded in one instant with one of an earlier load"
                if loaded < max(loaded_before):
                    yield "a row seen after one that was loaded later"
            if first:
                yield "a copy in a later load"
                if loaded and first.get("loaded_at") and loaded < first["loaded_at"]:
                    yield "a copy that displaces an earlier one"
            if number and not row["event_id"]:
                yield "a row without an id"
            if row["user_id"] and row.get("anonymous_id") in devices:
                yield "a login on a device that was seen before"
            if row["event_name"] == "order_refunded" and row["order_id"] in paid:
                yield "a void of what came before"
                if not (row["user_id"] or row["account_id"]):
                    yield "a void that names nobody"
        if number:
            for table, now in load.inputs.items():
                before = of.loads[number - 1].inputs[table]
                if any(row not in before for row in now):
                    yield f"news in {table}"
                if any(row not in now for row in before):
                    yield f"something gone from {table}"
        if not of.brings_news(number):
            yield "a load without news"
        earlier += rows


def test_schedules_hold_whatever_upsets_a_build_of_new_rows_alone() -> None:
    found = {upset for number in FEW for upset in upsets(schedule(number))}
    inputs = {f"raw_{name}" for name in INPUT_COLUMNS}
    assert found >= {
        "a row loaded in one instant with one of an earlier load",
        "a row seen after one that was loaded later",
        "a copy in a later load",
        "a copy that displaces an earlier one",
        "a row without an id",
        "a login on a device that was seen before",
        "a void of what came before",
        "a void that names nobody",
        "a load without news",
        *(f"news in {table}" for table in inputs),
        *(f"something gone from {table}" for table in inputs),
    }


def assert_schedule_is_right(of: Schedule, directory: Path, engine: Engine) -> Consumer:
    """Fail unless the marts after all loads are those of a project built at once."""
    consumer = of.project(directory / "grown", engine, after=0)
    for load in of.loads[:-1]:
        load.deliver(consumer)
        consumer.build().assert_success()
    of.loads[-1].deliver(consumer)
    consumer.dbt("build").assert_success()
    grown, keys = public_marts(consumer), mart_keys(consumer)
    assert grown["northstar__metric_periods"]
    filled = {name for name, rows in grown.items() if rows}
    assert {f"northstar__{mart}" for mart in DRIVERS.keys() - MAY_BE_OFF} <= filled

    at_once = of.project(directory / "at_once", engine, after=len(of.loads))
    at_once.build().assert_success()
    told = f"grown, and not as built at once: {of}"
    assert_equal_marts(grown, public_marts(at_once), keys, told)
    return consumer


def assert_refresh_changes_nothing(of: Schedule, consumer: Consumer) -> None:
    before = public_marts(consumer)
    consumer.build("--full-refresh").assert_success()
    after, keys = public_marts(consumer), mart_keys(consumer)
    assert_equal_marts(before, after, keys, f"grown, and not as refreshed: {of}")


@pytest.mark.parametrize("number", FEW)
def test_grown_marts_equal_marts_built_at_once(
    number: int, tmp_path: Path, duckdb_engine: Engine
) -> None:
    of = schedule(number)
    consumer = assert_schedule_is_right(of, tmp_path, duckdb_engine)
    assert_refresh_changes_nothing(of, consumer)


@pytest.mark.postgres
@pytest.mark.parametrize("number", FEW_ON_POSTGRES)
def test_grown_marts_equal_marts_built_at_once_on_postgres(
    number: int, tmp_path: Path, postgres_engine: Engine
) -> None:
    of = schedule(number, 15, loads=3)
    assert_schedule_is_right(of, tmp_path, postgres_engine)


def test_no_source_needs_to_say_when_rows_were_loaded(
    tmp_path: Path, duckdb_engine: Engine
) -> None:
    of = schedule(203, 10, loads=2, loaded_at="none")
    assert_schedule_is_right(of, tmp_path, duckdb_engine)


def test_marts_are_right_after_every_load(
    tmp_path: Path, duckdb_engine: Engine
) -> None:
    of = schedule(300, 20, loads=3, loaded_at="all")
    consumer = of.project(tmp_path / "grown", duckdb_engine, after=0)
    for after, load in enumerate(of.loads, start=1):
        load.deliver(consumer)
        consumer.build().assert_success()
        at_once = of.project(tmp_path / f"at_once_{after}", duckdb_engine, after)
        at_once.build().assert_success()
        assert_equal_marts(
            public_marts(consumer),
            public_marts(at_once),
            mart_keys(consumer),
            f"after {after} loads, and not as built at once: {of}",
        )

    assert_same_marts(consumer, of.config, of.tables(len(of.loads)))


def test_a_build_without_news_changes_nothing(
    tmp_path: Path, duckdb_engine: Engine
) -> None:
    of = schedule(402, 5, loads=2)
    consumer = of.project(tmp_path, duckdb_engine, after=0)
    for load in of.loads:
        load.deliver(consumer)
        consumer.build().assert_success()
    before, keys = public_marts(consumer), mart_keys(consumer)

    consumer.build().assert_success()
    assert_equal_marts(public_marts(consumer), before, keys, "after a second run")

    # the same rows once more, in another order
    for name in of.loads[-1].inputs:
        consumer.replace(name, of.loads[-1].inputs[name][::-1])
    consumer.build().assert_success()
    assert_equal_marts(public_marts(consumer), before, keys, "after the same inputs")


@pytest.mark.slow
@pytest.mark.parametrize("number", MANY)
def test_many_more_schedules(
    number: int, tmp_path: Path, duckdb_engine: Engine
) -> None:
    of = schedule(number)
    consumer = assert_schedule_is_right(of, tmp_path, duckdb_engine)
    assert_refresh_changes_nothing(of, consumer)


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.parametrize("number", MANY_ON_POSTGRES)
def test_many_more_schedules_on_postgres(
    number: int, tmp_path: Path, postgres_engine: Engine
) -> None:
    of = schedule(number)
    consumer = assert_schedule_is_right(of, tmp_path, postgres_engine)
    assert_refresh_changes_nothing(of, consumer)
