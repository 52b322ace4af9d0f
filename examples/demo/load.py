"""Loads the raw CSV files of the demo company into DuckDB or PostgreSQL.

    python load.py --csv data --duckdb northstar_demo.duckdb
    python load.py --csv data --postgres "host=localhost dbname=demo user=demo"

Every table is made anew, with the column types that `company.TABLES` names.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from company import TABLES

DUCKDB_TYPES = {
    "text": "varchar",
    "timestamp": "timestamp",
    "date": "date",
    "boolean": "boolean",
    "numeric": "decimal(18, 4)",
}
POSTGRES_TYPES = DUCKDB_TYPES | {"text": "text", "numeric": "numeric(18, 4)"}


def column_list(columns: Mapping[str, str], types: Mapping[str, str]) -> str:
    """The columns of a table as SQL, with a warehouse's names for the types."""
    return ", ".join(f'"{name}" {types[type_]}' for name, type_ in columns.items())


def load_duckdb(folder: Path, database: Path, schema: str) -> dict[str, int]:
    """Loads all tables into a DuckDB file; gives the number of rows of each."""
    import duckdb

    counts = {}
    with duckdb.connect(str(database)) as connection:
        connection.execute(f'create schema if not exists "{schema}"')
        for table, columns in TABLES.items():
            name = f'"{schema}"."{table}"'
            types = {column: DUCKDB_TYPES[type_] for column, type_ in columns.items()}
            read = f"read_csv($path, header = true, nullstr = '', columns = {types})"
            connection.execute(
                f"create or replace table {name} as select * from {read}",
                {"path": str(folder / f"{table}.csv")},
            )
            row = connection.execute(f"select count(*) from {name}").fetchone()
            counts[table] = int(row[0]) if row else 0
    return counts


def load_postgres(folder: Path, dsn: str, schema: str) -> dict[str, int]:
    """Loads all tables into PostgreSQL in one transaction; gives the rows of each.

    Views that stand on a table go with it; the next `dbt build` makes them again.
    """
    import psycopg2

    counts = {}
    connection = psycopg2.connect(dsn)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(f'create schema if not exists "{schema}"')
            for table, columns in TABLES.items():
                name = f'"{schema}"."{table}"'
                cursor.execute(f"drop table if exists {name} cascade")
                # A timestamp without zone drops the Z of the text: it stays UTC.
                cursor.execute(
                    f"create table {name} ({column_list(columns, POSTGRES_TYPES)})"
                )
                copy = f"copy {name} from stdin with (format csv, header true)"
                with (folder / f"{table}.csv").open(encoding="utf-8") as file:
                    cursor.copy_expert(copy, file)
                counts[table] = cursor.rowcount
    finally:
        connection.close()
    return counts


def schema_name(text: str) -> str:
    """A schema name as given, if it is a plain one."""
    if not re.fullmatch(r"[a-z_][a-z0-9_]*", text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no schema name: lower-case letters, digits and _ only"
        )
    return text


def main(arguments: Sequence[str] | None = None) -> None:
    """Load the raw tables, as the command line asks."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--csv", type=Path, required=True, help="folder of the CSVs")
    warehouse = parser.add_mutually_exclusive_group(required=True)
    warehouse.add_argument("--duckdb", type=Path, help="database file")
    warehouse.add_argument("--postgres", help="connection string of libpq")
    parser.add_argument("--schema", type=schema_name, default="raw")
    options = parser.parse_args(arguments)
    missing = [name for name in TABLES if not (options.csv / f"{name}.csv").exists()]
    if missing:
        parser.error(
            f"{options.csv} lacks {', '.join(missing)}; "
            f"make them with: python company.py --out {options.csv}"
        )
    if options.duckdb:
        counts = load_duckdb(options.csv, options.duckdb, options.schema)
    else:
        counts = load_postgres(options.csv, options.postgres, options.schema)
    for table, count in counts.items():
        sys.stdout.write(f"{options.schema}.{table}: {count} rows\n")


if __name__ == "__main__":
    main()
