"""A run that was killed leaves nothing behind: the next one gets every mart right.

A project has had a build and then a load. The next build is killed, at one node of the
graph after another, by SIGKILL in the middle of its work, and is then run again as it
should have been. Every public mart must equal that of a project that was built once,
and never killed. `make test` tries every sixteenth model that is stored; `make
test-all` tries every node, views and hooks too.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from itertools import count, cycle
from pathlib import Path
from typing import Any, cast

import pytest

from comparison import Marts, assert_equal_marts, mart_keys, public_marts
from consumer import Consumer, DbtRun
from driver_projects import with_drivers
from engines import DuckDBDatabase, Engine, Table
from killed_run import Moment, run_until
from reference.companies import INPUT_COLUMNS, batch
from schedules import Schedule, schedule

METRICS: dict[str, Any] = {
    "active_teams": {
        "level": "north_star",
        "entity": "team",
        "events": [{"event": "workflow_completed"}, {"event": "feature_used"}],
        "window": {"calendar": "week"},
        "total": "entities",
    },
    "revenue": {
        "entity": "team",
        "events": [{"event": "order_paid"}],
        "per_entity": {"sum": "value"},
        "void": {"event": "order_refunded", "key": "order_id", "mode": "net"},
        "window": {"calendar": "week"},
        "total": "measure",
    },
    "revenue_per_active_team": {"ratio": ["revenue", "active_teams"]},
    "recurring_revenue": {
        "entity": "team",
        "state": {"name": "paid", "value": "value"},
        "window": {"as_of": "week"},
        "total": "measure",
    },
}


def eventful_schedule() -> Schedule:
    """Three loads of three companies with every input and news in each load."""
    for number in count():
        drawn = schedule(number, 3, loads=3)
        inputs = {f"northstar_{name}" for name in INPUT_COLUMNS}
        if inputs <= set(drawn.config) and all(map(drawn.brings_news, range(3))):
            config = with_drivers(drawn.config | {"northstar_metrics": METRICS})
            return replace(drawn, config=config)
    raise AssertionError("unreachable")


def models_in_order(run: DbtRun, consumer: Consumer) -> tuple[list[str], list[str]]:
    """The models that the package has built, as the run came to them; those stored.

    An ephemeral model is never run, so no run is killed at one.
    """
    nodes = consumer.manifest()["nodes"]
    names = [f"model.{consumer.package_name}.{name}" for name in run.statuses]
    models = [name for name in names if name in nodes]
    stored = [
        name
        for name in models
        if nodes[name]["config"]["materialized"] not in ("view", "northstar_view")
    ]
    return models, stored


@dataclass
class Project:
    """A project on DuckDB whose warehouse can be put back to where it was."""

    consumer: Consumer
    models: list[str]
    """The package's models, in the order in which a build runs them."""
    stored: list[str]
    """Those of them that are no views."""
    expected: dict[str, Marts]
    """What a run gives, by the state from which it begins."""

    def save(self, state: str) -> None:
        self.consumer.database.release()
        shutil.copy(self._warehouse, self._saved(state))

    def restore(self, state: str) -> None:
        self.consumer.database.release()
        Path(f"{self._warehouse}.wal").unlink(missing_ok=True)
        shutil.copy(self._saved(state), self._warehouse)

    @property
    def _warehouse(self) -> Path:
        database = self.consumer.database
        assert isinstance(database, DuckDBDatabase)
        return database.path

    def _saved(self, state: str) -> Path:
        return self.consumer.directory / f"{state}.saved.duckdb"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, duckdb_engine: Engine) -> Project:
    """In the state `empty` (a load, never built) or `grown` (a build, then a load)."""
    of = eventful_schedule()
    directory = tmp_path_factory.mktemp("crashes")
    consumer = of.project(directory / "grown", duckdb_engine, after=1)
    found = Project(consumer, [], [], {})
    found.save("empty")
    run = consumer.build().assert_success()
    found.models, found.stored = models_in_order(run, consumer)
    found.expected["empty"] = public_marts(consumer)
    of.loads[1].deliver(consumer)
    found.save("grown")
    at_once = of.project(directory / "at_once", duckdb_engine, after=2)
    at_once.build().assert_success()
    found.expected["grown"] = public_marts(at_once)
    assert found.expected["grown"] != found.expected["empty"]
    return found


def assert_survives(
    project: Project, state: str, node: str, moment: Moment, must_die: bool = True
) -> None:
    consumer = project.consumer
    project.restore(state)
    has_died = run_until(consumer, node, moment)
    assert has_died or not must_die, f"the run never came to {node}, {moment}"
    consumer.build().assert_success()
    assert_equal_marts(
        public_marts(consumer),
        project.expected[state],
        mart_keys(consumer),
        f"{state}, and killed at {node}, {moment}",
    )


def test_the_project_has_every_stored_model(project: Project) -> None:
    switched_off = [
        node["name"]
        for nodes in project.consumer.manifest()["disabled"].values()
        for node in nodes
        if node["resource_type"] == "model"
        and node["config"]["materialized"] not in ("view", "northstar_view")
    ]
    assert not switched_off, "no run is killed at them: give the project what they need"


def test_a_kill_at_every_sixteenth_stored_model_is_survived(project: Project) -> None:
    moments: cycle[Moment] = cycle(["before", "uncommitted"])
    for node, moment in zip(project.stored[::16], moments, strict=False):
        assert_survives(project, "grown", node, moment)


def test_a_kill_in_the_very_first_build_is_survived(project: Project) -> None:
    half_way = project.stored[len(project.stored) // 2]
    assert_survives(project, "empty", half_way, "uncommitted")


def assert_survives_two_kills(directory: Path, engine: Engine) -> None:
    """Fail unless the marts are right after a killed run, a load and a killed run."""
    of = eventful_schedule()
    consumer = of.project(directory / "grown", engine, after=1)
    run = consumer.build().assert_success()
    _, stored = models_in_order(run, consumer)

    of.loads[1].deliver(consumer)
    assert run_until(consumer, stored[-len(stored) // 4], "committed")
    of.loads[2].deliver(consumer)
    assert run_until(consumer, stored[len(stored) // 4], "committed")
    consumer.build().assert_success()

    at_once = of.project(directory / "at_once", engine, after=3)
    at_once.build().assert_success()
    found, expected = public_marts(consumer), public_marts(at_once)
    assert_equal_marts(found, expected, mart_keys(consumer), "after two kills")


@pytest.mark.postgres
def test_two_kills_with_a_load_between_are_survived_on_postgres(
    tmp_path: Path, postgres_engine: Engine
) -> None:
    assert_survives_two_kills(tmp_path, postgres_engine)


@pytest.mark.slow
def test_two_kills_with_a_load_between_are_survived_on_duckdb(
    tmp_path: Path, duckdb_engine: Engine
) -> None:
    assert_survives_two_kills(tmp_path, duckdb_engine)


# In shares, so that workers can take them in turns.
@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before", "uncommitted", "committed"])
@pytest.mark.parametrize("share", range(4))
def test_a_kill_at_any_node_is_survived(
    share: int, moment: Moment, project: Project
) -> None:
    for node in project.models[share::4]:
        assert_survives(project, "grown", node, moment)


@pytest.mark.slow
def test_a_kill_at_any_hook_is_survived(project: Project) -> None:
    nodes = project.consumer.manifest()["nodes"]
    hooks = sorted(node for node in nodes if node.startswith("operation."))
    assert hooks
    for hook in hooks:  # one that asks nothing of the warehouse is not killed
        assert_survives(project, "grown", hook, "before", must_die=False)


@pytest.mark.slow
@pytest.mark.parametrize("share", range(2))
def test_a_kill_at_any_stored_model_of_the_first_build_is_survived(
    share: int, project: Project
) -> None:
    for node in project.stored[share::2]:
        assert_survives(project, "empty", node, "committed")


def test_a_table_that_is_gone_comes_back(tmp_path: Path, duckdb_engine: Engine) -> None:
    """As after a run that died while it was building the table anew."""
    config, tables, _ = batch(range(200, 206))
    typed = cast("dict[str, Table]", tables)
    consumer = Consumer(
        tmp_path, duckdb_engine, vars=config, tables=typed, drivers=False
    )
    consumer.dbt("run").assert_success()
    built, keys = public_marts(consumer), mart_keys(consumer)
    stored = [
        node["name"]
        for node in consumer.manifest()["nodes"].values()
        if node["config"].get("materialized") == "northstar_incremental"
    ]
    assert len(stored) >= 6
    for name in stored[::3]:
        consumer.database.execute(f"drop table {consumer.relation_name(name)}")
        consumer.dbt("run").assert_success()
        assert_equal_marts(public_marts(consumer), built, keys, f"without {name}")
