"""The harness itself, on a package small enough to know every answer of."""

from __future__ import annotations

import gzip
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest

from consumer import Consumer, sort_rows
from engines import Engine, Table

TYPED: Table = {
    "columns": {
        "name": "text",
        "at": "timestamp",
        "at_zone": "timestamptz",
        "day": "date",
        "is_on": "boolean",
        "count": "integer",
        "amount": "number",
        "share": "double",
    },
    "rows": [
        {
            "name": 'quotes "and", commas\nand lines',
            "at": datetime(2026, 3, 1, 12, 30, 0, 250000),
            "at_zone": "2026-03-01T12:30:00+02:00",
            "day": date(2026, 3, 1),
            "is_on": True,
            "count": 2**40,
            "amount": Decimal("100.250000001"),
            "share": 0.1,
        },
        {"name": "", "at": "2026-03-01", "is_on": False, "amount": 100},
        {
            "name": "Zoë",
            "at": datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=-5))),
            "at_zone": "2026-03-01T12:30:00Z",
        },
        {},
    ],
}

READ = [
    {
        "name": "",
        "at": datetime(2026, 3, 1),
        "at_zone": None,
        "day": None,
        "is_on": False,
        "count": None,
        "amount": Decimal("100"),
        "share": None,
    },
    {
        "name": "Zoë",
        "at": datetime(2026, 3, 1, 17),
        "at_zone": datetime(2026, 3, 1, 12, 30),
        "day": None,
        "is_on": None,
        "count": None,
        "amount": None,
        "share": None,
    },
    {
        "name": 'quotes "and", commas\nand lines',
        "at": datetime(2026, 3, 1, 12, 30, 0, 250000),
        "at_zone": datetime(2026, 3, 1, 10, 30),
        "day": date(2026, 3, 1),
        "is_on": True,
        "count": 2**40,
        "amount": Decimal("100.250000001"),
        "share": 0.1,
    },
    dict.fromkeys(TYPED["columns"]),
]


@pytest.fixture(scope="session")
def tiny_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package of one model, over the relation that a var names."""
    folder = tmp_path_factory.mktemp("tiny_package")
    (folder / "models").mkdir()
    (folder / "dbt_project.yml").write_text(
        "name: tiny\nversion: 1.0.0\nconfig-version: 2\nvars: {tiny_limit: 0}\n"
    )
    (folder / "models" / "tiny_totals.sql").write_text(
        "{% set relation = var('tiny_orders') %}\n"
        "select customer, sum(amount) as amount, count(*) as orders,\n"
        "    max(ordered_at) as ordered_at\n"
        "from {% if relation.ref is defined %}{{ ref('consumer', relation.ref) }}\n"
        "{% else %}{{ source(relation.source[0], relation.source[1]) }}{% endif %}\n"
        "where amount >= {{ var('tiny_limit') }}\n"
        "group by customer\n"
    )
    (folder / "models" / "tiny.yml").write_text(
        "models:\n"
        "  - name: tiny_totals\n"
        "    columns:\n"
        "      - name: customer\n"
        "        data_tests: [not_null]\n"
    )
    return folder


ORDERS: Table = {
    "columns": {"customer": "text", "amount": "number", "ordered_at": "timestamptz"},
    "rows": [
        {"customer": "b", "amount": "1.50", "ordered_at": "2026-01-01T10:00:00Z"},
        {"customer": "a", "amount": "2.25", "ordered_at": "2026-01-02T10:00:00Z"},
        {"customer": "b", "amount": "3.50", "ordered_at": "2026-01-03T10:00:00Z"},
    ],
}

TOTALS = [
    {
        "customer": "a",
        "amount": Decimal("2.25"),
        "orders": 1,
        "ordered_at": datetime(2026, 1, 2, 10),
    },
    {
        "customer": "b",
        "amount": Decimal("5"),
        "orders": 2,
        "ordered_at": datetime(2026, 1, 3, 10),
    },
]


def tiny(directory: Path, engine: Engine, package: Path, relation: object) -> Consumer:
    return Consumer(
        directory,
        engine,
        package=package,
        package_name="tiny",
        tables={"orders": ORDERS},
        vars={"tiny_orders": relation},
    )


def test_a_table_comes_back_as_it_was_given(tmp_path: Path, engine: Engine) -> None:
    database = engine.database(tmp_path)
    database.load("typed", TYPED)
    assert sort_rows(database.query("select * from raw.typed")) == READ


def test_a_row_with_an_unknown_column_is_refused(
    tmp_path: Path, duckdb_engine: Engine
) -> None:
    with pytest.raises(KeyError, match="colour"):
        duckdb_engine.database(tmp_path).load(
            "typed", {"columns": {"name": "text"}, "rows": [{"colour": "red"}]}
        )


def test_a_file_comes_back_as_it_was_given(tmp_path: Path, engine: Engine) -> None:
    path = tmp_path / "orders.csv.gz"
    with gzip.open(path, "wt") as file:
        file.write("code,amount,ordered_at\n007,1.5,2026-01-01 10:00:00\n,,\n")
    database = engine.database(tmp_path)
    database.load_file(
        "orders", path, {"code": "text", "ordered_at": "timestamp", "amount": "number"}
    )
    assert sort_rows(database.query("select * from raw.orders")) == [
        {
            "code": "007",
            "ordered_at": datetime(2026, 1, 1, 10),
            "amount": Decimal("1.5"),
        },
        {"code": None, "ordered_at": None, "amount": None},
    ]


@pytest.mark.parametrize("relation", [{"source": ["raw", "orders"]}, {"ref": "orders"}])
def test_a_consumer_builds_the_package(
    tmp_path: Path, engine: Engine, tiny_package: Path, relation: object
) -> None:
    consumer = tiny(tmp_path, engine, tiny_package, relation)
    run = consumer.dbt("build").assert_success()
    assert consumer.rows("tiny_totals") == TOTALS
    assert run.with_status("pass") == ["not_null_tiny_totals_customer"]
    assert consumer.model_names() == ["tiny_totals"]

    consumer.append("orders", [{"customer": "c", "amount": 1}])
    consumer.dbt("run").assert_success()
    assert len(consumer.rows("tiny_totals")) == 3
    assert consumer.query("select max(orders) as most from {tiny_totals}") == [
        {"most": 2}
    ]

    consumer.set_vars({"tiny_orders": relation, "tiny_limit": 2})
    consumer.dbt("run").assert_success()
    assert [row["customer"] for row in consumer.rows("tiny_totals")] == ["a", "b"]


def test_consumers_do_not_see_each_other(
    tmp_path: Path, engine: Engine, tiny_package: Path
) -> None:
    source = {"source": ["raw", "orders"]}
    one = tiny(tmp_path / "one", engine, tiny_package, source)
    two = tiny(tmp_path / "two", engine, tiny_package, source)
    two.load("orders", {"columns": ORDERS["columns"], "rows": []})
    one.dbt("run").assert_success()
    two.dbt("run").assert_success()
    assert one.rows("tiny_totals") == TOTALS
    assert two.rows("tiny_totals") == []


def test_a_failure_says_what_failed(
    tmp_path: Path, engine: Engine, tiny_package: Path
) -> None:
    consumer = tiny(tmp_path, engine, tiny_package, {"source": ["raw", "orders"]})
    consumer.append("orders", [{"customer": None, "amount": 1}])
    run = consumer.dbt("build")
    run.assert_failure("not_null_tiny_totals_customer", "Got 1 result")

    consumer.set_vars({"tiny_orders": {"source": ["raw", "nowhere"]}})
    consumer.dbt("build").assert_failure("depends on a source named 'raw.nowhere'")

    consumer.set_vars({"tiny_orders": {"source": ["raw", "orders"]}, "tiny_limit": "x"})
    consumer.dbt("build").assert_failure("tiny_totals", "x")


def test_dbt_runs_in_the_session_timezone(
    tmp_path: Path, engine: Engine, tiny_package: Path
) -> None:
    consumer = Consumer(
        tmp_path,
        engine,
        package=tiny_package,
        package_name="tiny",
        tables={"orders": ORDERS},
        vars={"tiny_orders": {"source": ["raw", "orders"]}},
        models={
            # A table: a view would be read in the session of the test, in UTC.
            "local.sql": "{{ config(materialized='table') }} "
            "select cast(ordered_at as timestamp) as local_at "
            "from {{ source('raw', 'orders') }}"
        },
        session_timezone="Asia/Tokyo",
    )
    consumer.dbt("run").assert_success()
    assert consumer.rows("local")[0] == {"local_at": datetime(2026, 1, 1, 19)}
    assert consumer.rows("tiny_totals") == TOTALS


def test_dbt_deps_installs_the_package(
    tmp_path: Path, duckdb_engine: Engine, tiny_package: Path
) -> None:
    consumer = Consumer(
        tmp_path,
        duckdb_engine,
        package=tiny_package,
        package_name="tiny",
        tables={"orders": ORDERS},
        vars={"tiny_orders": {"ref": "orders"}},
        deps=True,
    )
    consumer.dbt("build").assert_success()
    assert consumer.rows("tiny_totals") == TOTALS
