"""The documentation is true: its examples run, its links lead somewhere."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from consumer import REPOSITORY, Consumer
from engines import Engine, Table
from pages import Cell, Row, Section, links, read_cell, read_page
from reference import evaluate

DOCS = REPOSITORY / "docs"
PAGES = {
    path.relative_to(REPOSITORY).as_posix(): read_page(path)
    for path in sorted(
        [*DOCS.glob("*.md"), *DOCS.glob("drivers/*.md"), *REPOSITORY.glob("*.md")]
    )
}
GRAMMAR = PAGES["docs/grammar.md"]
METRICS = PAGES["docs/metrics.md"]

SETUP = next(s.mapping for s in GRAMMAR if "northstar_events" in s.mapping)
STOCKS = {"lifetime", "as_of"}


@dataclass(frozen=True)
class Example:
    """The metrics of a section, and what they must be."""

    section: Section

    @property
    def metrics(self) -> dict[str, Any]:
        return self.section.mapping

    @property
    def events(self) -> list[Row]:
        """With an id, loaded when they happened."""
        return [
            {
                **dict.fromkeys(event_types(SETUP)),
                **row,
                "event_id": f"{self.section.slug} {number}",
                "loaded_at": row["occurred_at"],
            }
            for number, row in enumerate(self.section.rows("occurred_at"), start=1)
        ]

    @property
    def states(self) -> list[Row]:
        return [
            {**dict.fromkeys(STATE_TYPES), **row}
            for row in self.section.rows("valid_from")
        ]

    def differences(self, marts: Mapping[str, list[dict[str, Any]]]) -> list[str]:
        """Where the tables of the section say another thing than the marts."""
        return [
            f"{self.section.title}: {difference}"
            for table in self.section.tables_with("period_start")
            for difference in self._differences(table, marts)
        ]

    def _differences(
        self, table: list[Row], marts: Mapping[str, list[dict[str, Any]]]
    ) -> list[str]:
        mart = "entity_periods" if "entity_id" in table[0] else "metric_periods"
        found = []
        for name, definition in self.metrics.items():
            said = [row for row in table if row.get("metric_name", name) == name]
            last = max(row["period_start"] for row in said)  # type: ignore[type-var]
            held = [row for row in marts[mart] if row["metric_name"] == name]
            shown = [
                {column: row[column] for column in said[0] if column != "metric_name"}
                for row in held
                if row["period_start"] <= last
            ]
            told = [
                {column: row[column] for column in row if column != "metric_name"}
                for row in said
            ]
            found += [f"{name} lacks {row}" for row in told if row not in shown]
            found += [f"{name} also has {row}" for row in shown if row not in told]

            later = [row for row in held if row["period_start"] > last]
            if mart == "metric_periods":
                rest = rest_of(definition, said)
                later = [row for row in later if row["value"] != rest]
            found += [f"{name} goes on: {row}" for row in later]
        return found


EXAMPLES = [
    Example(section) for section in GRAMMAR if section.tables_with("period_start")
]
STATE_TYPES = {
    **dict.fromkeys(SETUP["northstar_states"]["columns"], "text"),
    "valid_from": "date",
    "valid_to": "date",
    "value": "number",
}


def rest_of(definition: Mapping[str, Any], said: list[Row]) -> Cell:
    """The value of a metric in every period after the last that a page shows."""
    if "ratio" in definition:
        return None
    if STOCKS.isdisjoint(definition["window"]):
        return Decimal(0)
    return said[-1]["value"]


def event_types(vars: Mapping[str, Any]) -> dict[str, str]:
    """The type of each raw column of the pages' one source."""
    source = vars["northstar_events"][0]
    types = dict.fromkeys(source["columns"], "text")
    types |= {"occurred_at": "timestamp", "loaded_at": "timestamp", "value": "number"}
    for name, attribute in source["attributes"].items():
        types[name] = "text" if isinstance(attribute, str) else attribute["type"]
    return types


def tables(examples: list[Example], vars: Mapping[str, Any]) -> dict[str, Table]:
    """The raw tables of some examples, with a row at which the data end."""
    prose = " ".join(line for section in GRAMMAR for line in section.prose)
    (end,) = re.findall(r"The data\s+end on (.*?)\. ", prose)
    ending = {
        **dict.fromkeys(event_types(SETUP)),
        "event_id": "end",
        "event_name": "data_ended",
        "occurred_at": read_cell(end),
        "loaded_at": read_cell(end),
        "user_id": "nobody",
    }
    return {
        "events": {
            "columns": event_types(vars),
            "rows": [*(row for e in examples for row in e.events), ending],
        },
        "states": {
            "columns": STATE_TYPES,
            "rows": [row for e in examples for row in e.states],
        },
    }


def documented_vars() -> dict[str, Any]:
    """The project of docs/grammar.md, with all that docs/metrics.md adds to it."""
    vars: dict[str, Any] = deepcopy(SETUP)
    vars["northstar_metrics"] = {}
    for section in GRAMMAR:
        if section.mapping and section.mapping != SETUP:
            vars["northstar_metrics"] |= section.mapping
    vars["northstar_metrics"]["editing_teams"]["level"] = "north_star"
    for section in METRICS:
        metrics = dict(section.mapping)
        vars["northstar_entities"] |= metrics.pop("northstar_entities", {})
        vars["northstar_events"][0]["attributes"] |= metrics.pop("attributes", {})
        vars["northstar_metrics"] |= metrics
    return vars


def test_every_example_is_as_documented_and_all_definitions_build(
    tmp_path: Path, duckdb_engine: Engine
) -> None:
    vars = documented_vars()
    consumer = Consumer(
        tmp_path, duckdb_engine, vars=vars, tables=tables(EXAMPLES, vars), drivers=False
    )

    consumer.dbt("build").assert_success()

    marts = {
        name: consumer.rows(f"northstar__{name}")
        for name in ("metric_periods", "entity_periods")
    }
    assert not [text for example in EXAMPLES for text in example.differences(marts)]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.section.slug)
def test_the_reference_agrees_with_each_example_alone(example: Example) -> None:
    vars = {**deepcopy(SETUP), "northstar_metrics": example.metrics}
    source = vars["northstar_events"][0]
    source["attributes"] = {name: name for name in source["attributes"]}
    marts = evaluate(vars, {**tables([example], vars)})
    assert not example.differences(marts)


def test_every_table_of_events_has_its_result() -> None:
    shown = {example.section.title for example in EXAMPLES}
    with_events = {section.title for section in GRAMMAR if section.rows("occurred_at")}
    assert with_events <= shown


def test_no_name_is_defined_twice() -> None:
    names = [
        name
        for page in (GRAMMAR, METRICS)
        for section in page
        for name in section.mapping
        if not name.startswith("northstar_") and name != "attributes"
    ]
    assert sorted(names) == sorted(set(names))


def test_the_golden_definitions_are_on_the_page(test_data: Path) -> None:
    text = (test_data / "grammar.yml").read_text(encoding="utf-8")
    golden = yaml.safe_load(text)["metrics"]
    written = {name: m for section in METRICS for name, m in section.mapping.items()}
    for name in ("northstar_entities", "attributes"):
        del written[name]
    assert len(golden) == 44
    assert written == golden


@pytest.mark.parametrize("page", PAGES)
def test_every_yaml_block_parses(page: str) -> None:
    for section in PAGES[page]:
        for block in section.yaml:
            yaml.safe_load(block)


@pytest.mark.parametrize("page", PAGES)
def test_every_relative_link_leads_somewhere(page: str) -> None:
    folder = (REPOSITORY / page).parent
    broken = []
    for target in (link for section in PAGES[page] for link in links(section)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (folder / path).resolve() if path else REPOSITORY / page
        if not file.exists() or (anchor and anchor not in anchors_of(file)):
            broken.append(target)
    assert not broken


def anchors_of(page: Path) -> set[str]:
    return {section.slug for section in read_page(page)}


def test_the_generated_pages_are_as_the_yaml_describes_it() -> None:
    specification = importlib.util.spec_from_file_location(
        "generate", DOCS / "generate.py"
    )
    assert specification is not None
    assert specification.loader is not None
    generate = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(generate)

    for path, text in (
        (
            generate.PAGE,
            generate.render(generate.read_marts(generate.MARTS, generate.SEMANTIC)),
        ),
        (
            generate.SEMANTIC_PAGE,
            generate.render_metrics(generate.read_metrics(generate.SEMANTIC)),
        ),
    ):
        page = path.read_text(encoding="utf-8")
        generated = generate.with_generated(page, text)
        assert page == generated, "stale: run `make docs-pages`"
