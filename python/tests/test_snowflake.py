"""dbt-snowflake on fakesnow: Snowflake's words, with DuckDB behind them.

It shows that the adapter's statements and ours run, twice in a row, and give the rows
that they give on DuckDB. It cannot show what Snowflake itself would do: fakesnow
rewrites every statement for DuckDB. What it cannot rewrite is filled in by
on_fakesnow.py, and listed there and in docs/engines.md.
"""

from __future__ import annotations

import json
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import duckdb
import pytest

from companies_of_every_kind import bare
from comparison import Marts, assert_equal_marts, mart_keys, public_marts
from consumer import Consumer, sort_rows
from engines import Engine, Table, _read_rows, _select_rows
from test_cloud_engines import PYTHON, write_project

SCRIPT = Path(__file__).parent / "on_fakesnow.py"
SEGMENTS = {"channel", "device", "country", "plan", "persona", "company_size"}
OF_SEGMENTS = {
    "northstar__segment_periods",
    "northstar__metric_changes",
    "northstar__funnel_segments",
}
TYPES = {
    "text": "varchar",
    "timestamp": "timestamp_ntz",
    "boolean": "boolean",
    "integer": "bigint",
    "number": "number(28, 9)",
}


def without_segments(marts: Marts) -> Marts:
    """What does not hang on an entity's first segment values.

    They are the first of an array, and fakesnow's array_agg keeps nulls, which come
    first there, and puts texts into quotes.
    """
    return {
        name: sort_rows(
            [
                {column: row[column] for column in row if column not in SEGMENTS}
                for row in rows
            ]
        )
        for name, rows in marts.items()
        if name not in OF_SEGMENTS
    }


@pytest.mark.slow
def test_every_mart_equals_that_of_duckdb(
    tmp_path: Path, duckdb_engine: Engine
) -> None:
    if not PYTHON.exists():
        pytest.skip(f"no environment with fakesnow at {PYTHON} (make engines)")
    config, tables = bare()
    typed = cast("dict[str, Table]", tables)
    consumer = Consumer(tmp_path / "duckdb", duckdb_engine, vars=config, tables=typed)
    consumer.build().assert_success()
    theirs = public_marts(consumer)
    project = tmp_path / "snowflake"

    write_project(project, "snowflake", config, tables)
    told: dict[str, Any] = {"statements": [], "loads": [], "marts": list(theirs)}
    for name, table in typed.items():
        listed = ", ".join(f"{c} {TYPES[kind]}" for c, kind in table["columns"].items())
        told["statements"].append(f"create table raw.{name} ({listed})")
        rows = _select_rows(table, project / f"{name}.csv")
        told["loads"].append(f"insert into analytics.raw.{name} by name {rows}")
    (project / "fakesnow.json").write_text(json.dumps(told), encoding="utf-8")
    done = subprocess.run(
        [PYTHON, SCRIPT, project], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]

    ours: Marts = {}
    with closing(duckdb.connect()) as connection:
        for name in theirs:
            cursor = connection.execute(
                "select * from read_parquet($1)",
                [str(project / f"marts/{name}.parquet")],
            )
            names = [column[0].lower() for column in cursor.description]
            ours[name] = _read_rows(names, cursor.fetchall())
    ours, theirs = without_segments(ours), without_segments(theirs)
    assert_equal_marts(ours, theirs, mart_keys(consumer), "fakesnow, against DuckDB")
    assert theirs["northstar__metric_periods"]
