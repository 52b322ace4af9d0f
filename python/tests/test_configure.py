"""docs/configure.md says what the package reads: no more, no less, and as it is."""

from __future__ import annotations

import re
from collections import Counter
from copy import deepcopy
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from consumer import REPOSITORY, Consumer
from engines import Engine, Table
from pages import Section, read_page
from test_config import Macros, macros_package

PATH = REPOSITORY / "docs" / "configure.md"
TEXT = PATH.read_text(encoding="utf-8")
PAGE = {section.title: section for section in read_page(PATH)}

INPUTS = {
    "States": "northstar_states",
    "Identity links": "northstar_identity_links",
    "Exclusions": "northstar_exclusions",
    "Consent": "northstar_consent",
    "Erasure requests": "northstar_erasure_requests",
}
"""The sections that have an input's columns."""

EVENT_TYPES = {"id": "text", "event": "text", "created_at": "timestamp"}
SMALLEST = PAGE["The smallest configuration"]
SMALLEST_VARS: dict[str, Any] = SMALLEST.mapping["vars"]["northstar"]


def named(section: Section, column: str) -> dict[str, dict[str, Any]]:
    """The rows of the section's tables with this column, by what it names in code."""
    return {code(row[column]): row for row in section.rows(column)}


def code(cell: object) -> str:
    """The code that a cell is: `code`."""
    (text,) = re.fullmatch("`(.*)`", str(cell)).groups()  # type: ignore[union-attr]
    return str(text)


@pytest.fixture(scope="module")
def schema(
    tmp_path_factory: pytest.TempPathFactory, duckdb_engine: Engine
) -> dict[str, Any]:
    """What the package accepts: config_schema(), and the columns of each input."""
    folder = tmp_path_factory.mktemp("schema")
    package = macros_package(folder / "package", {})
    macros = Macros(Consumer(folder / "project", duckdb_engine, package=package))
    names = ["northstar_events", *INPUTS.values()]
    rules, *columns = macros.call(
        ("config_schema",), *(("contract_columns", name) for name in names)
    )
    return {"rules": rules, "columns": dict(zip(names, columns, strict=True))}


def test_every_var_is_on_the_page_and_no_other(schema: dict[str, Any]) -> None:
    assert set(re.findall(r"\bnorthstar_[a-z][a-z_]*", TEXT)) == set(schema["rules"])


def test_the_defaults_are_those_of_the_package() -> None:
    project = yaml.safe_load((REPOSITORY / "dbt_project.yml").read_text())
    rows = {
        name: row
        for section in PAGE.values()
        for column in ("setting", "var")
        for name, row in named(section, column).items()
    }
    defaults = {name: yaml.safe_load(code(r["default"])) for name, r in rows.items()}
    assert defaults == project["vars"]


def test_what_is_allowed_is_what_is_checked(schema: dict[str, Any]) -> None:
    for name, row in named(PAGE["Settings"], "setting").items():
        rule, allowed = schema["rules"][name], str(row["allowed"])
        if "allowed" in rule:
            assert re.findall("`([a-z]+)`", allowed) == rule["allowed"], name
        elif "least" in rule:
            assert allowed == f"{rule['least']} to {rule['most']}", name
        elif rule["type"] == "boolean":
            assert allowed == "`true`, `false`", name
        else:
            assert rule["type"] in ("zone", "date", "text"), name


@pytest.mark.parametrize(
    ("title", "name"),
    [("Events", "northstar_events"), ("Entities", "northstar_entities")],
)
def test_the_keys_of_an_entry_are_on_the_page(
    title: str, name: str, schema: dict[str, Any]
) -> None:
    rows, rule = named(PAGE[title], "key"), schema["rules"][name]["of"]
    assert list(rows) == list(rule["keys"])
    assert [key for key in rows if rows[key]["required"] == "yes"] == rule["required"]


def test_the_columns_of_an_event_are_on_the_page(schema: dict[str, Any]) -> None:
    rows = named(PAGE["Columns of an event"], "column")
    types = [{"name": name, "type": row["type"]} for name, row in rows.items()]
    assert types == schema["columns"]["northstar_events"]


@pytest.mark.parametrize(("title", "name"), INPUTS.items())
def test_the_columns_of_an_input_are_on_the_page(
    title: str, name: str, schema: dict[str, Any]
) -> None:
    assert f"`{name}`" in "\n".join(PAGE[title].prose)
    rows = named(PAGE[title], "column")
    types = [{"name": column, "type": row["type"]} for column, row in rows.items()]
    assert types == schema["columns"][name]
    rule = schema["rules"][name]["of"]["keys"]["columns"]
    assert set(rows) == set(rule["keys"])
    required = {column for column in rows if rows[column]["required"] == "yes"}
    assert required == set(rule["required"])


def test_an_entry_of_an_input_has_the_keys_on_the_page(schema: dict[str, Any]) -> None:
    prose = "\n".join(PAGE["Other inputs"].prose)
    for name in INPUTS.values():
        for key in schema["rules"][name]["of"]["keys"]:
            assert re.search(rf"\b{key}\b", prose), key


def smallest_tables() -> dict[str, Table]:
    types = EVENT_TYPES | {"user_id": "text"}
    return {"raw_events": {"columns": types, "rows": SMALLEST.rows("created_at")}}


def test_the_smallest_configuration_gives_what_the_page_shows(
    tmp_path: Path, duckdb_engine: Engine
) -> None:
    consumer = Consumer(
        tmp_path, duckdb_engine, vars=SMALLEST_VARS, tables=smallest_tables()
    )
    consumer.dbt("build").assert_success()

    shown = SMALLEST.rows("period_start")
    periods = consumer.rows("northstar__metric_periods")
    assert [{name: row[name] for name in shown[0]} for row in periods] == shown

    ledger: Counter[str] = Counter()
    for row in consumer.rows("northstar__event_ledger"):
        ledger[row["disposition"]] += row["row_count"]
    rows = SMALLEST.rows("disposition")
    assert ledger == {row["disposition"]: row["row_count"] for row in rows}


def test_the_message_on_the_page_is_what_dbt_parse_says(
    tmp_path: Path, duckdb_engine: Engine
) -> None:
    vars = deepcopy(SMALLEST_VARS)
    vars["northstar_metrics"]["weekly_active_users"]["window"] = {"calendar": "weekly"}
    consumer = Consumer(tmp_path, duckdb_engine, vars=vars, tables=smallest_tables())
    run = consumer.dbt("parse")
    (message,) = re.findall("```text\n(.*?)```", TEXT, re.DOTALL)
    said = "".join(f"{line.rstrip()}\n" for line in run.errors.splitlines())
    run.assert_failure()
    assert message in said


def test_a_project_overrides_what_the_page_says_it_can(
    tmp_path: Path, duckdb_engine: Engine
) -> None:
    """With states that overlap, which a test is then severe about."""
    overrides = PAGE["Schemas, tables, tests"].mapping
    columns = ("entity", "entity_id", "state", "valid_from")
    state = dict(zip(columns, ("user", "ann", "paid", "2026-01-05"), strict=True))
    mapping = {"relation": {"ref": "raw_states"}, "columns": {c: c for c in columns}}
    consumer = Consumer(
        tmp_path,
        duckdb_engine,
        vars=SMALLEST_VARS | {"northstar_states": mapping},
        tables={
            **smallest_tables(),
            "raw_states": {
                "columns": dict.fromkeys(columns, "text"),
                "rows": [state, {**state, "valid_from": "2026-01-06"}],
            },
        },
        project=overrides,
    )
    run = consumer.dbt("build")
    run.assert_failure("assert_states_do_not_overlap")
    assert "assert_every_raw_row_has_one_disposition" not in run.statuses
    assert "northstar__event_ledger" not in consumer.model_names()
    assert run.statuses["northstar__entities"] == "success"
    models = [
        node
        for node in consumer.manifest()["nodes"].values()
        if node["resource_type"] == "model" and node["package_name"] == "northstar"
    ]
    assert {node["schema"] for node in models} == {"analytics_metrics"}
    staging = {n["config"]["materialized"] for n in models if "staging" in n["fqn"]}
    assert staging == {"table"}


def test_the_tests_that_warn_are_on_the_page() -> None:
    prose = "\n".join(PAGE["Schemas, tables, tests"].prose)
    (names,) = re.findall(r"Three tests warn: (.*?)\. Any", prose, re.DOTALL)
    warn = [
        path.stem
        for path in sorted((REPOSITORY / "tests").glob("**/*.sql"))
        if "severity='warn'" in path.read_text(encoding="utf-8")
    ]
    assert re.findall("`(.*?)`", names) == warn


def test_types_are_read_as_the_page_says(tmp_path: Path, engine: Engine) -> None:
    raw: dict[str, tuple[str, list[Any], list[Any]]] = {
        "id": ("double", [7, 7.5], ["7", "7.5"]),
        "event": ("integer", [1, 2], ["1", "2"]),
        "created_at": (
            "timestamp",
            ["2026-01-31 09:30:00", "2026-01-31 00:00:00"],
            [datetime(2026, 1, 31, 9, 30), datetime(2026, 1, 31)],
        ),
        "loaded_at": (
            "date",
            ["2026-01-31", "2026-07-31"],
            [datetime(2026, 1, 30, 23), datetime(2026, 7, 30, 22)],
        ),
        "user_id": ("text", ["", "ann"], [None, "ann"]),
        "value": ("text", ["12.5", "a lot"], [Decimal("12.5"), None]),
        "is_bot": ("text", ["Yes", "no"], [True, False]),
        "is_test": ("integer", [2, 0], [True, False]),
        "shipped_at": (
            "text",
            ["2026-01-31T09:30:00+01:00", "2026-01-31"],
            [datetime(2026, 1, 31, 8, 30), datetime(2026, 1, 30, 23)],
        ),
        "returned_at": (
            "timestamptz",
            ["2026-01-31T09:30:00+01:00", None],
            [datetime(2026, 1, 31, 8, 30), None],
        ),
    }
    names = {"id": "event_id", "event": "event_name", "created_at": "occurred_at"}
    attributes = ("shipped_at", "returned_at")
    source = deepcopy(SMALLEST_VARS["northstar_events"][0])
    source["columns"] = {names.get(c, c): c for c in raw if c not in attributes}
    source["attributes"] = {
        name: {"expression": name, "type": "timestamp"} for name in attributes
    }
    consumer = Consumer(
        tmp_path,
        engine,
        vars=SMALLEST_VARS
        | {"northstar_events": [source], "northstar_timezone": "Europe/Paris"},
        tables={
            "raw_events": {
                "columns": {name: type_ for name, (type_, _, _) in raw.items()},
                "rows": [
                    {name: values[row] for name, (_, values, _) in raw.items()}
                    for row in range(2)
                ],
            }
        },
    )
    consumer.dbt("run", "--select", "+stg_northstar__events").assert_success()
    rows = consumer.query("select * from {stg_northstar__events} order by event_id")
    for column, (_, _, read) in raw.items():
        assert [row[names.get(column, column)] for row in rows] == read, column
