"""`northstar docs` in the shell, on a project that dbt parsed or built."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner, Result

from consumer import Consumer
from engines import Engine
from northstar.cli import main
from northstar.errors import NotBuiltError
from northstar.formula import Formula
from northstar.render_tree_html import render_html
from northstar.render_tree_json import render_json
from northstar.render_tree_markdown import render_markdown
from northstar.render_tree_svg import render_svg
from northstar.tree import Node
from northstar.tree_values import (
    BY_THEMSELVES,
    ENTITIES,
    NodeValue,
    driver_values,
    entity_values,
    group_values,
    read_sums,
)
from trees import large_tree

DEFINITIONS = """\
{{ config(materialized='table', meta={'northstar_definitions': {
    'weekly_teams': {'level': 'north_star', 'entity': 'team', 'unit': 'teams',
        'events': [{'event': 'done'}], 'window': {'calendar': 'week'},
        'total': 'entities'},
    'active': {'drives': ['weekly_teams'], 'entity': 'team',
        'events': [{'event': 'done'}], 'window': {'calendar': 'week'},
        'total': 'entities', 'edge': 'component'},
}}) }}
select 1 as one
"""
PERIODS = """\
{{ config(materialized='table') }}
select 'weekly_teams' as metric_name, 2 as metric_version,
    true as is_north_star, 390 as qualified_entities,
    cast('2026-11-02' as date) as period_start,
    cast('2026-11-09' as date) as period_end, 'final' as period_status,
    cast(400 as numeric(38, 9)) as value,
    cast(null as numeric(38, 9)) as change,
    cast(null as numeric(38, 9)) as change_rate
union all
select 'weekly_teams', 2, true, 401, cast('2026-11-09' as date),
    cast('2026-11-16' as date),
    'final', 412, 12, 0.03
union all
select 'weekly_teams', 2, true, 7, cast('2026-11-16' as date),
    cast('2026-11-23' as date),
    'open', 7, -405, -0.98
union all
select 'weekly_teams', 1, false, 99, cast('2026-11-16' as date),
    cast('2026-11-23' as date),
    'final', 99, 7, 7
"""
FILES = ["driver_tree.html", "driver_tree.json", "driver_tree.md", "driver_tree.svg"]


@pytest.fixture(scope="module")
def project(
    engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Consumer]:
    package = tmp_path_factory.mktemp("package")
    (package / "models").mkdir()
    (package / "dbt_project.yml").write_text("name: northstar\nversion: 1.0.0\n")
    for name, sql in (
        ("northstar__metric_definitions", DEFINITIONS),
        ("northstar__metric_periods", PERIODS),
    ):
        (package / "models" / f"{name}.sql").write_text(sql)
    consumer = Consumer(tmp_path_factory.mktemp("project"), engine, package=package)
    consumer.dbt("run").assert_success()
    yield consumer
    consumer.database.release()


def run(*arguments: object) -> Result:
    return CliRunner().invoke(
        main,
        ["docs", *map(str, arguments)],
        env={
            "DBT_PROJECT_DIR": None,
            "DBT_PROFILES_DIR": None,
            "DBT_TARGET_PATH": None,
        },
    )


def test_it_writes_all_forms_beside_the_manifest(project: Consumer) -> None:
    result = run("--project-dir", project.directory)
    assert (result.exit_code, result.stderr) == (0, "")
    folder = project.directory / "target" / "northstar"
    assert sorted(path.name for path in folder.iterdir()) == FILES
    assert sorted(Path(line).name for line in result.stdout.splitlines()) == FILES


def test_one_form_can_be_printed(project: Consumer) -> None:
    options = ("--project-dir", project.directory, "--out", "-")
    result = run(*options, "--format", "json")
    assert json.loads(result.stdout)["north_star"] == "weekly_teams"
    refused = run(*options)
    assert refused.exit_code == 2
    assert "--format" in refused.stderr


def test_a_part_can_be_drawn(project: Consumer) -> None:
    options = ("--project-dir", project.directory, "--out", "-", "--format", "json")
    shown = json.loads(run(*options, "--depth", "1").stdout)
    assert [node["name"] for node in shown["nodes"]] == ["weekly_teams"]
    shown = json.loads(run(*options, "--root", "active").stdout)
    assert [node["name"] for node in shown["nodes"]] == ["active"]
    refused = run(*options, "--root", "activ")
    assert refused.exit_code == 2
    assert "did you mean active?" in refused.stderr


def test_values_are_the_latest_final_ones(project: Consumer) -> None:
    options = ("--project-dir", project.directory, "--out", "-", "--format", "json")
    result = run(*options, "--values")
    assert result.stderr == ""
    values = {n["name"]: n["value"] for n in json.loads(result.stdout)["nodes"]}
    assert values["active"] is None
    value = values["weekly_teams"]
    assert Decimal(value.pop("value")) == 412
    assert Decimal(value.pop("change")) == 12
    assert Decimal(value.pop("change_rate")) == Decimal("0.03")
    assert [Decimal(point) for point in value.pop("points")] == [400, 412]
    assert value == {
        "period_start": "2026-11-09",
        "period_end": "2026-11-16",
        "status": "better",
    }


def test_without_a_warehouse_the_tree_is_the_same(
    tmp_path: Path, duckdb_engine: Engine, project: Consumer
) -> None:
    consumer = Consumer(tmp_path, duckdb_engine, package=project.package)
    consumer.dbt("parse").assert_success()
    options = ("--project-dir", tmp_path, "--out", "-", "--format", "json")
    result = run(*options, "--values")
    assert result.exit_code == 0
    assert "without values" in result.stderr
    assert result.stdout == run(*options).stdout


def test_a_difference_is_printed_and_nothing_is_written(
    project: Consumer, tmp_path: Path
) -> None:
    options = ("--project-dir", project.directory)
    old = run(*options, "--out", "-", "--format", "json").stdout
    path = tmp_path / "old.json"
    path.write_text(old.replace('"label": "active"', '"label": "Other"'))
    result = run(*options, "--diff", path, "--out", tmp_path / "new")
    assert result.exit_code == 0
    assert "label: Other → active" in result.stdout
    assert not (tmp_path / "new").exists()


def test_a_folder_that_cannot_be_written_to_is_said(
    project: Consumer, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    result = run("--project-dir", project.directory, "--out", tmp_path / "file" / "x")
    assert result.exit_code == 2
    assert "cannot write" in result.stderr


def test_a_project_that_was_not_parsed_is_told_to(tmp_path: Path) -> None:
    result = run("--project-dir", tmp_path)
    assert result.exit_code == 2
    assert "dbt parse" in result.stderr


def test_a_thousand_metrics_are_drawn_in_three_seconds() -> None:
    found = large_tree(1000)
    started = time.process_time()  # of this process: the machine may be shared
    for render in (render_html, render_markdown, render_svg, render_json):
        assert render(found)
    assert time.process_time() - started < 3


# ----------------------------------------------------------------------------- values


def value(**said: object) -> NodeValue:
    row = {
        "metric_name": "m",
        "metric_version": 1,
        "period_start": "2026-11-09",
        "period_end": "2026-11-16",
        "value": "10",
        "change": "2",
        "change_rate": None,
        **said,
    }
    return group_values([row])["m"]


@pytest.mark.parametrize(
    ("change", "direction", "status"),
    [
        ("2", "up", "better"),
        ("2", "down", "worse"),
        ("-2", "down", "better"),
        ("-2", "up", "worse"),
        ("0", "up", "same"),
        (None, "up", "unknown"),
    ],
)
def test_a_change_is_better_by_the_metrics_direction(
    change: str | None, direction: str, status: str
) -> None:
    assert value(change=change).status(direction) == status


def test_a_value_is_written_with_its_period() -> None:
    found = value(value="1234.5", change="-0.25", change_rate="-0.02")
    assert found.value_text() == "1,235"
    assert found.change_text() == "-2.0 %"
    assert found.period_text == "2026-11-09 to 2026-11-15"
    assert value(change="3").change_text() == "+3"
    assert value(change=None).change_text() == ""
    assert (found.start, found.end) == (date(2026, 11, 9), date(2026, 11, 16))


def test_a_share_is_in_percent_and_its_change_in_points() -> None:
    found = value(value="0.9231", change="0.038", change_rate="0.043")
    assert found.said("share") == "92.3 %"
    assert found.change_text("share") == "+3.8 points"
    assert found.said("teams") == "0.9231 teams"
    assert value(value=None, change=None).said("share") == "-"


def shipped_node(name: str, *inputs: str, measure: str = "") -> Node:
    formula = Formula(inputs=inputs, ratio=bool(inputs), measure=measure)
    return Node(name=name, kind="shipped", label=name, level="driver", formula=formula)


def test_the_number_of_entities_is_that_of_the_north_star() -> None:
    counted = shipped_node("north_star_entities", measure=ENTITIES)
    other = shipped_node("other", measure="north_star_contribution")
    rows = [
        {
            "is_north_star": is_star,
            "period_start": date(2026, 6, day),
            "period_end": date(2026, 6, day + 7),
            "qualified_entities": entities,
        }
        for is_star, day, entities in [(False, 8, 99), (True, 1, 40), (True, 8, 50)]
    ]
    found = entity_values(rows, [counted, other])
    assert set(found) == {"north_star_entities"}
    value = found["north_star_entities"]
    assert (value.value, value.change) == (Decimal(50), Decimal(10))
    assert (value.start, value.end) == (date(2026, 6, 8), date(2026, 6, 15))
    ratio = [row | {"qualified_entities": None} for row in rows]
    assert entity_values(ratio, [counted]) == {}


class Built:
    """A warehouse with one mart, of two states or funnels in two months."""

    def __init__(self, mart: str, grains: tuple[str, str]) -> None:
        self.mart = mart
        self.connection = duckdb.connect()
        may, june, july = "05-01", "06-01", "07-01"
        rows = [
            (grains[0], may, june, "final", 40, 2, 8),
            (grains[0], june, july, "final", 50, 3, 8),
            (grains[1], june, july, "final", 10, 0, 4),
            (grains[0], july, "08-01", "open", 99, 9, 9),
        ]
        self.connection.execute(
            "create table marts (grain text, period_start date, period_end date, "
            'period_status text, mrr integer, lost integer, "all" integer)'
        )
        self.connection.executemany(
            "insert into marts values (?, '2026-' || ?, '2026-' || ?, ?, ?, ?, ?)",
            [list(row) for row in rows],
        )

    def relation(self, name: str) -> str:
        if name != self.mart:
            raise NotBuiltError(name)
        return "marts"

    def query(self, sql: str) -> list[dict[str, Any]]:
        found = self.connection.execute(sql)
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


@pytest.mark.parametrize("mart", BY_THEMSELVES)
def test_revenue_and_funnels_have_values_over_all_states_and_funnels(mart: str) -> None:
    def of(measure: str, expression: str) -> Node:
        node = shipped_node(measure, measure=measure)
        formula = replace(node.formula, table=mart, expression=expression)
        return replace(node, formula=formula)

    nodes = [
        of("mrr", "sum(mrr)"),
        of("lost", "sum(lost)"),
        of("held", 'sum("all")'),
        shipped_node("rate", "lost", "held"),
        shipped_node("other", measure="driver_kept"),
    ]
    months: Any = Built(mart, ("month", "month"))
    values = read_sums(months, nodes)
    assert set(values) == {"mrr", "lost", "held", "rate"}
    # 50 + 10 after 40; of what is open nothing is said
    assert (values["mrr"].value, values["mrr"].change) == (Decimal(60), Decimal(20))
    assert values["mrr"].start == date(2026, 6, 1)
    assert values["rate"].points == (Decimal("0.25"), Decimal("0.25"))

    # weeks and months add up to nothing
    mixed: Any = Built(mart, ("month", "week"))
    assert read_sums(mixed, nodes) == {}


def test_a_shipped_metric_has_the_last_value_that_is_known() -> None:
    nodes = [
        shipped_node("rate", "kept", "pool"),
        shipped_node("kept", measure="driver_kept_entities"),
        shipped_node("pool", measure="driver_pool_entities"),
        shipped_node("other", measure="north_star_contribution"),
        shipped_node("never", measure="driver_unknown"),
    ]
    rows = [
        {
            "period_start": date(2026, 6, 1 + 7 * week),
            "period_end": date(2026, 6, 8 + 7 * week),
            "kept_entities": kept,
            "pool_entities": pool,
        }
        for week, (kept, pool) in enumerate([(1, 4), (3, 4), (2, 0), (None, None)])
    ]
    values = driver_values(rows, nodes)

    # 3 of 4 after 1 of 4; nothing of nothing is not known, nor is what is followed
    rate = values["rate"]
    assert (rate.start, rate.value) == (date(2026, 6, 8), Decimal("0.75"))
    assert (rate.change, rate.change_rate) == (Decimal("0.5"), Decimal(2))
    assert rate.points == (Decimal("0.25"), Decimal("0.75"))
    assert values["kept"].value == 2
    assert values["kept"].change == -1
    assert set(values) == {"rate", "kept", "pool"}
