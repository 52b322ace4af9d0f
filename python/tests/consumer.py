"""A project that installs the package, as a team has it, for the tests to run.

    consumer = Consumer(
        tmp_path,
        engine,
        tables={"events": {"columns": {"id": "text"}, "rows": [{"id": "e1"}]}},
        vars={"northstar_events": [{"relation": {"source": ["raw", "events"]}}]},
    )
    consumer.dbt("build").assert_success()
    consumer.rows("northstar__metric_periods")

Every table is declared as a source of `raw`. One that the vars name by `{ref: …}`
also gets a model of that name, which selects it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from dbt.artifacts.schemas import base as artifacts
from dbt.cli.main import dbtRunner
from dbt_common.events.base_types import EventLevel
from dbt_common.tests import enable_test_caching
from dbt_common.utils.encoding import JSONEncoder
from jinja2 import Environment

from engines import Database, Engine, Row, Table

REPOSITORY = Path(__file__).resolve().parents[2]

# dbt parses its own 600 macros anew for every project: three quarters of a small run.
# This is the cache that dbt's own tests use; it lasts as long as the process.
enable_test_caching()


def _compiled_once() -> None:
    """Jinja compiles the same macro text once a process, and not for each project."""
    compile_anew: Any = Environment.compile
    compiled: dict[Any, Any] = {}

    def compile_(
        self: Environment,
        source: Any,
        name: str | None = None,
        filename: str | None = None,
        raw: bool = False,
        defer_init: bool = False,
    ) -> Any:
        if raw or not isinstance(source, str):
            return compile_anew(self, source, name, filename, raw, defer_init)
        tools = (type(self), tuple(self.extensions), tuple(sorted(self.filters)))
        key = (*tools, source, name, filename, defer_init)
        if key not in compiled:
            compiled[key] = compile_anew(self, source, name, filename, raw, defer_init)
        return compiled[key]

    setattr(Environment, "compile", compile_)  # noqa: B010


def _written_at_once() -> None:
    """An artifact as one text: piece by piece, as dbt does, takes ten times as long."""

    def write_json(path: str, data: dict[str, Any]) -> bool:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(json.dumps(data, cls=JSONEncoder), encoding="utf-8")
        return True

    setattr(artifacts, "write_json", write_json)  # noqa: B010


_compiled_once()
_written_at_once()


@dataclass(frozen=True)
class DbtRun:
    """What one run of dbt did."""

    arguments: tuple[str, ...]
    success: bool
    exception: str
    """The text of the error that ended the run, else empty (a parse error is one)."""
    statuses: Mapping[str, str]
    """Status by the node's name, such as success, pass, fail, error, warn, skipped."""
    messages: Mapping[str, str]
    """What a node said, by its name: the error of a model, the count of a test."""
    warnings: Sequence[str]
    log: str
    """Everything that dbt said, from level info up."""

    @property
    def errors(self) -> str:
        """All that went wrong, as one text to search in."""
        bad = {"error", "fail", "runtime error"}
        failed = (
            f"{name}: {self.messages[name]}"
            for name, status in self.statuses.items()
            if status in bad
        )
        return "\n".join((self.exception, *failed)).strip()

    def with_status(self, status: str) -> list[str]:
        """Names of the nodes that ended so."""
        return sorted(name for name, got in self.statuses.items() if got == status)

    def assert_success(self) -> DbtRun:
        """Fail the test, with what dbt said, unless the run succeeded."""
        if not self.success:
            said = self.errors or self.log
            pytest.fail(f"dbt {' '.join(self.arguments)}\n{said}", pytrace=False)
        return self

    def assert_failure(self, *texts: str) -> DbtRun:
        """Fail the test unless the run failed and its errors hold the texts."""
        command = f"dbt {' '.join(self.arguments)}"
        if self.success:
            pytest.fail(f"{command} succeeded, and should not", pytrace=False)
        for text in texts:
            if text not in self.errors:
                pytest.fail(f"{command}\nno {text!r} in\n{self.errors}", pytrace=False)
        return self


class Consumer:
    """A dbt project in a directory, on a database of its own, with the package.

    Arguments:
        directory: where the project is written; one consumer in each.
        engine: the warehouse; the consumer takes a new database of it.
        vars: the package's vars (what stands under `vars: northstar:`).
        tables: raw tables by name, loaded at once.
        models: files by path under models/, such as {"orders.sql": "select 1 as id"}.
        project: more keys for dbt_project.yml.
        package: the package's folder; the repository unless a test brings its own.
        session_timezone: of dbt's connections to the warehouse.
        deps: run the real `dbt deps`; otherwise the package is linked in.
        drivers: build the drivers too, which takes as long again.
    """

    def __init__(
        self,
        directory: Path,
        engine: Engine,
        *,
        vars: Mapping[str, Any] | None = None,
        tables: Mapping[str, Table] | None = None,
        models: Mapping[str, str] | None = None,
        project: Mapping[str, Any] | None = None,
        package: Path = REPOSITORY,
        package_name: str = "northstar",
        session_timezone: str = "UTC",
        deps: bool = False,
        drivers: bool = True,
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.database: Database = engine.database(directory, session_timezone)
        self.package = package
        self.package_name = package_name
        self.columns: dict[str, Mapping[str, str]] = {}
        self._models = dict(models or {})
        self._project = dict(project or {})
        self._settled: dict[str, Any] = (
            {} if drivers else {"northstar_using_drivers": False}
        )
        self._vars = self._settled | dict(vars or {})

        outputs = {"test": self.database.profile()}
        self._write_json(
            "profiles.yml", {"consumer": {"target": "test", "outputs": outputs}}
        )
        self._write_json("packages.yml", {"packages": [{"local": str(package)}]})
        for path, text in self._models.items():
            self._write(f"models/{path}", text)
        for name, table in (tables or {}).items():
            self.database.load(name, table)
            self.columns[name] = table["columns"]
        self._write_project()
        self._write_sources()

        if deps:
            self.dbt("deps").assert_success()
        else:
            installed = directory / "dbt_packages" / package_name
            installed.parent.mkdir(exist_ok=True)
            installed.symlink_to(package, target_is_directory=True)

    def dbt(self, *arguments: str) -> DbtRun:
        """Run dbt in this process, as `dbt build --select …` would in the shell."""
        said: list[str] = []
        warnings: list[str] = []

        def listen(event: Any) -> None:
            if event.info.level != EventLevel.DEBUG:
                said.append(event.info.msg)
            if event.info.level == EventLevel.WARN:
                warnings.append(event.info.msg)

        self.database.release()
        outcome = dbtRunner(callbacks=[listen]).invoke(
            [
                "--no-send-anonymous-usage-stats",
                "--no-use-colors",
                "--log-level=none",
                "--log-level-file=none",
                f"--log-path={self.directory / 'logs'}",
                *arguments,
                f"--project-dir={self.directory}",
                f"--profiles-dir={self.directory}",
            ]
        )
        self.database.release()

        results = getattr(outcome.result, "results", None) or ()
        return DbtRun(
            arguments=arguments,
            success=outcome.success,
            exception="" if outcome.exception is None else str(outcome.exception),
            statuses={result.node.name: _status(result.status) for result in results},
            messages={result.node.name: result.message or "" for result in results},
            warnings=warnings,
            log="\n".join(said),
        )

    def build(self, *arguments: str) -> DbtRun:
        """Build the project without its tests, in this process."""
        return self.dbt(
            "build", "--exclude-resource-types", "test", "unit_test", *arguments
        )

    def rows(self, relation: str, where: str = "true") -> list[Row]:
        """The rows of a model, seed or raw table, sorted by all their columns.

        Values are alike on every engine: numbers as int or Decimal (or float, where
        the column is one), instants as naive datetimes in UTC.
        """
        return sort_rows(
            self.database.query(
                f"select * from {self.relation_name(relation)} where {where}"
            )
        )

    def query(self, sql: str) -> list[Row]:
        """The rows of a query. `{name}` in it stands for the relation of that name."""
        return self.database.query(sql.format_map(_Relations(self)))

    def relation_name(self, name: str) -> str:
        """The name in the warehouse of a model, a seed or a raw table."""
        if name in self.columns and not (self._refs() & {name}):
            return f"{self.database.raw_schema}.{self.database.quote(name)}"
        nodes = self.manifest()["nodes"].values()
        found = [
            node["relation_name"]
            for node in nodes
            if node["name"] == name and node["resource_type"] in ("model", "seed")
        ]
        if not found:
            raise LookupError(
                f"no model, seed or table {name!r}, or it is switched off"
            )
        return str(found[0])

    def manifest(self) -> dict[str, Any]:
        """The manifest that the last run of dbt wrote."""
        path = self.directory / "target" / "manifest.json"
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return manifest

    def model_names(self) -> list[str]:
        """Names of the package's models that are switched on."""
        return sorted(
            node["name"]
            for node in self.manifest()["nodes"].values()
            if node["resource_type"] == "model"
            and node["package_name"] == self.package_name
        )

    def load(self, name: str, table: Table) -> None:
        """Put a raw table in place of the one with this name, or add it."""
        self.database.load(name, table)
        self.columns[name] = table["columns"]
        self._write_sources()

    def load_file(self, name: str, path: Path, columns: Mapping[str, str]) -> None:
        """Load these columns of a .parquet, .csv or .csv.gz as a raw table."""
        self.database.load_file(name, path, columns)
        self.columns[name] = columns
        self._write_sources()

    def append(self, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Add rows to a raw table: what arrives before the next run."""
        self.database.append(name, {"columns": self.columns[name], "rows": rows})

    def replace(self, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Put these rows in place of a raw table's; the table itself stays."""
        self.database.clear(name)
        self.append(name, rows)

    def use_schema(self, schema: str) -> None:
        """Let dbt build in another schema of the database from here on."""
        self.database.schema = schema
        outputs = {"test": self.database.profile()}
        self._write_json(
            "profiles.yml", {"consumer": {"target": "test", "outputs": outputs}}
        )

    def set_vars(self, vars: Mapping[str, Any]) -> None:
        """Put other vars in place of the package's vars."""
        self._vars = self._settled | dict(vars)
        self._write_project()
        self._write_sources()

    def _write_project(self) -> None:
        project: dict[str, Any] = {
            "name": "consumer",
            "version": "1.0.0",
            "config-version": 2,
            "profile": "consumer",
            "vars": {self.package_name: self._vars},
        }
        self._write_json("dbt_project.yml", project | self._project)

    def _write_sources(self) -> None:
        source = {
            "name": "raw",
            "schema": self.database.raw_schema,
            "tables": [{"name": name} for name in self.columns],
        }
        if self.columns:
            self._write_json("models/_sources.yml", {"version": 2, "sources": [source]})
        for name in self._refs() & set(self.columns):
            sql = f"select * from {{{{ source('raw', '{name}') }}}}\n"
            if f"{name}.sql" not in self._models:
                self._write(f"models/{name}.sql", sql)

    def _refs(self) -> set[str]:
        return set(_find_refs(self._vars))

    def _write_json(self, path: str, content: Mapping[str, Any]) -> None:
        # JSON is YAML too.
        self._write(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")

    def _write(self, path: str, text: str) -> None:
        file = self.directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


class _Relations(dict[str, str]):
    def __init__(self, consumer: Consumer) -> None:
        super().__init__()
        self.consumer = consumer

    def __missing__(self, name: str) -> str:
        return self.consumer.relation_name(name)


def sort_rows(rows: Sequence[Row]) -> list[Row]:
    """The rows in the order of all their columns, nulls last, on every engine alike."""
    return sorted(
        rows, key=lambda row: [(value is None, str(value)) for value in row.values()]
    )


def _status(status: object) -> str:
    return str(getattr(status, "value", status))


def _find_refs(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        if set(value) == {"ref"} and isinstance(value["ref"], str):
            yield value["ref"]
        for inner in value.values():
            yield from _find_refs(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _find_refs(inner)
