"""Run dbt with a warehouse's real adapter where the warehouse is not there.

    python standin.py PROJECT

The adapter is the one that a team installs, so dispatch, types, quoting and the
statements around a query are its own. What would go over the network is answered here.
dbt runs twice: in the `first` run there are no relations but the raw ones, in the run
`again` there are all. The statements of both, in order, are written to statements.json
of the project, as {"first": [...], "again": [...]}.

PROJECT holds, beside the project, standin.json: the columns of the raw tables, as
{"adapter": "snowflake", "tables": {table: {column: type}}} in the types of engines.py.
It runs in an environment of its own (requirements/engines.txt), so it imports nothing
of the tests.
"""

from __future__ import annotations

import json
import re
import sys
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

import agate
from dbt.adapters.base.column import Column
from dbt.adapters.contracts.connection import AdapterResponse
from dbt.cli.main import dbtRunner

# The name of the adapter's class, and how its driver calls the types of engines.py.
ADAPTERS = {
    "snowflake": "SnowflakeAdapter",
    "bigquery": "BigQueryAdapter",
    "redshift": "RedshiftAdapter",
    "databricks": "DatabricksAdapter",
}
TYPES = {
    "snowflake": {
        "text": "TEXT",
        "timestamp": "TIMESTAMP_NTZ",
        "timestamptz": "TIMESTAMP_TZ",
        "date": "DATE",
        "boolean": "BOOLEAN",
        "integer": "FIXED",
        "number": "FIXED",
        "double": "REAL",
    },
    "bigquery": {
        "text": "STRING",
        "timestamp": "DATETIME",
        "timestamptz": "TIMESTAMP",
        "date": "DATE",
        "boolean": "BOOLEAN",
        "integer": "INT64",
        "number": "NUMERIC",
        "double": "FLOAT64",
    },
    "redshift": {
        "text": "varchar",
        "timestamp": "timestamp",
        "timestamptz": "timestamptz",
        "date": "date",
        "boolean": "boolean",
        "integer": "bigint",
        "number": "numeric",
        "double": "double precision",
    },
    "databricks": {
        "text": "string",
        "timestamp": "timestamp_ntz",
        "timestamptz": "timestamp",
        "date": "date",
        "boolean": "boolean",
        "integer": "bigint",
        "number": "decimal(28,9)",
        "double": "double",
    },
}


class Warehouse:
    """Answers what dbt asks of a warehouse, and keeps what it was told to do."""

    def __init__(self, project: Path, again: bool) -> None:
        self.project = project
        self.again = again
        told = json.loads((project / "standin.json").read_text(encoding="utf-8"))
        self.name = str(told["adapter"])
        self.tables: dict[str, dict[str, str]] = told["tables"]
        self.statements: list[str] = []

    def execute(self, sql: str) -> agate.Table:
        """Write the statement down; the rows that the package's own questions get."""
        self.statements.append(sql.strip())
        asked = " ".join(sql.split())
        if asked.startswith("describe query"):
            rows = [(f"column_{n}", kind) for n, kind in enumerate(self.kinds(sql))]
            return agate.Table(rows, ["col_name", "data_type"])
        if "max(rebuilds_facts)" in asked and self.again:
            return agate.Table([(0, 0)], ["facts", "definitions"])
        if asked.startswith("select source_name, load_date from"):
            days = [("app", date(2024, 3, 1)), ("app", date(2024, 3, 2))]
            return agate.Table(days, ["source_name", "load_date"])
        return agate.Table([], [])

    def kinds(self, sql: str) -> list[str]:
        """The types of `select a as column_1, … from raw where 1 = 0`."""
        known = {
            column: TYPES[self.name][kind]
            for table, columns in self.tables.items()
            if re.search(rf"\W{table}\W", sql)
            for column, kind in columns.items()
        }
        expressions = re.findall(r"(?:select |, )(.+?) as column_\d+", sql)
        return [
            known.get(expression, TYPES[self.name]["text"])
            for expression in expressions
        ]

    def kind_of(self, schema: str, name: str) -> str | None:
        """Whether a relation is a table or a view; None where there is none yet."""
        if schema == "raw":
            return "table"
        made = any(
            statement.startswith("create")
            and re.search(rf"\W{name}\W", statement[:300])
            for statement in self.statements
        )
        if not (made or self.again):
            return None
        for node in self.nodes():
            if node["alias"] == name.lower():
                is_view = node["config"]["materialized"].endswith("view")
                return "view" if is_view else "table"
        return None

    def nodes(self) -> list[dict[str, Any]]:
        """The models of the last parse."""
        path = self.project / "target" / "manifest.json"
        nodes = json.loads(path.read_text(encoding="utf-8"))["nodes"].values()
        return [node for node in nodes if node["resource_type"] == "model"]

    def columns_of(self, name: str) -> dict[str, str]:
        """The columns of a raw table, or of a model as its properties have them."""
        if name in self.tables:
            kinds = TYPES[self.name]
            return {column: kinds[kind] for column, kind in self.tables[name].items()}
        text = TYPES[self.name]["text"]
        for node in self.nodes():
            if node["alias"] == name.lower():
                return dict.fromkeys(node["columns"] or ["source_name"], text)
        return {"source_name": text}


def stand_in(adapter: Any, warehouse: Warehouse) -> None:
    """Put the warehouse behind every method of the adapter that would ask one."""
    column: type[Column] = adapter.Column
    options: dict[str, Any] = {}
    if warehouse.name == "databricks":
        options["metadata"] = {"Provider": "delta"}

    def execute(self: Any, sql: str, *args: Any, **kwargs: Any) -> Any:
        return AdapterResponse("OK"), warehouse.execute(sql)

    def get_relation(
        self: Any, database: str, schema: str, identifier: str, **known: Any
    ) -> Any:
        kind = warehouse.kind_of(schema, identifier)
        if kind is None:
            return None
        return adapter.Relation.create(
            database=database,
            schema=schema,
            identifier=identifier,
            type=kind,
            **options,
        )

    def get_columns(self: Any, relation: Any) -> list[Column]:
        columns = warehouse.columns_of(str(relation.identifier))
        upper = warehouse.name == "snowflake"  # which names them so
        return [
            column.create(name.upper() if upper else name, kind)
            for name, kind in columns.items()
        ]

    def get_schema(self: Any, sql: str) -> list[Column]:
        return [
            column.create(f"column_{number}", kind)
            for number, kind in enumerate(warehouse.kinds(sql), 1)
        ]

    def drop(self: Any, relation: Any) -> None:
        kind = relation.type or "table"
        warehouse.execute(f"drop {kind} if exists {relation}")

    answers: dict[str, Any] = {
        "execute": execute,
        "get_relation": get_relation,
        "get_columns_in_relation": get_columns,
        "get_column_schema_from_query": get_schema,
        "drop_relation": drop,
        "list_relations_without_caching": lambda self, *args: [],
        "list_schemas": lambda self, database: [],
        "check_schema_exists": lambda self, *args: True,
        "create_schema": lambda self, relation: None,
        "get_columns_in_select_sql": get_schema,
        "is_replaceable": lambda self, *args: True,
        "has_dbr_capability": lambda self, name: True,
        "has_capability": lambda self, capability: True,
        "compare_dbr_version": lambda self, *args: 1,
        "is_cluster": lambda self: False,
        "commit_if_has_connection": lambda self: None,
    }
    for name, answer in answers.items():
        if hasattr(adapter, name):
            # What templates may call is marked, and stays so.
            answer.__dict__.update(getattr(getattr(adapter, name), "__dict__", {}))
            setattr(adapter, name, answer)
    for name in ("begin", "commit", "add_begin_query", "add_commit_query"):
        setattr(adapter.ConnectionManager, name, lambda self, *args, **kwargs: None)


def main() -> int:
    """Run dbt; the code that it ends with."""
    project = Path(sys.argv[1]).resolve()
    warehouse = Warehouse(project, again=False)
    module = import_module(f"dbt.adapters.{warehouse.name}")
    adapter = getattr(
        import_module(f"{module.__name__}.impl"), ADAPTERS[warehouse.name]
    )
    stand_in(adapter, warehouse)
    statements: dict[str, list[str]] = {}
    for run in ("first", "again"):
        warehouse.again = run == "again"
        outcome = dbtRunner().invoke(
            [
                "--no-send-anonymous-usage-stats",
                "--no-use-colors",
                "--log-level=warn",
                "--log-level-file=none",
                "run",
                f"--project-dir={project}",
                f"--profiles-dir={project}",
            ]
        )
        statements[run] = warehouse.statements
        warehouse.statements = []
        if not outcome.success:
            sys.stderr.write(f"{run}: {outcome.exception or 'see above'}\n")
            return 1
    path = project / "statements.json"
    path.write_text(json.dumps(statements, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
