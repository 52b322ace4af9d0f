"""Build a project through dbt-snowflake on fakesnow: Snowflake's SQL on DuckDB.

    python on_fakesnow.py PROJECT

PROJECT holds, beside the project, fakesnow.json: what creates and fills the raw tables,
{"statements": [Snowflake's SQL], "loads": [DuckDB's SQL]}. The project is built twice,
and the rows of every public mart are written to marts/<name>.parquet.

What fakesnow cannot do, and what is done about it, so that the rest can run:

- It has no md5_number_lower64: here it is half of DuckDB's hash, since a hash of 64
  bits is all that it is for.
- It cannot make a temporary table that names its schema, as dbt's own incremental
  models do in their second run: the second run leaves out the values that were
  published, which are the only such model.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import fakesnow

FILLED_IN = ["m_d5_number_lower64(x) as cast(hash(x) // 2 as bigint)"]


def main() -> int:
    """Build twice and write the marts; the code that dbt ends with."""
    project = Path(sys.argv[1]).resolve()
    told = json.loads((project / "fakesnow.json").read_text(encoding="utf-8"))
    with fakesnow.patch():
        import snowflake.connector

        cursor = snowflake.connector.connect(
            account="none", user="none", database="analytics", schema="raw"
        ).cursor()
        for statement in told["statements"]:
            cursor.execute(statement)
        duckdb = cursor._duck_conn
        for macro in FILLED_IN:
            duckdb.execute(f"create macro analytics.main.{macro}")
        for load in told["loads"]:
            duckdb.execute(load)

        from dbt.cli.main import dbtRunner

        for run in ([], ["--exclude", "int_northstar__published_values"]):
            outcome = dbtRunner().invoke(
                [
                    "--no-send-anonymous-usage-stats",
                    "--no-use-colors",
                    "--log-level=error",
                    "--log-level-file=none",
                    "run",
                    *run,
                    f"--project-dir={project}",
                    f"--profiles-dir={project}",
                ]
            )
            if not outcome.success:
                return 1
        (project / "marts").mkdir(exist_ok=True)
        for name in told["marts"]:
            path = project / "marts" / f"{name}.parquet"
            duckdb.execute(
                f"copy (select * from analytics.northstar.{name}) to '{path}'"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
