"""Measures one thing, in a process of its own: benchmarks/run.py starts it.

A measure is wall seconds, CPU seconds (user and system, of all threads) and the largest
resident memory of the process. What is measured:

- `copy`: `create table copied as select *` of the raw events;
- `handwritten`: the statements of handwritten.sql;
- `build`: `dbt run`, from the start of the first model to the end of the last. The
  hooks before and after, and all that dbt does before them, stand beside it;
- `queries`: each question of queries.sql and each SQL block of the pages on the marts;
- `metricflow`: queries of the semantic layer, in this process.

The other tasks measure nothing: `append` adds the one more day, `sizes` counts rows,
`marts_differ` and `figures_differ` compare two databases.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

HERE = Path(__file__).resolve().parent
PAGES = ("docs/marts.md", "docs/metrics.md")

MARTS = (
    "northstar__entities",
    "northstar__entity_periods",
    "northstar__event_ledger",
    "northstar__metric_definitions",
    "northstar__metric_periods",
    "northstar__north_star",
    "northstar__time_spine",
)

# Of the drivers of the North Star: all but revenue_periods, since there are no states.
DRIVER_MARTS = (
    "northstar__activation_cohorts",
    "northstar__active_days",
    "northstar__concentration",
    "northstar__engagement",
    "northstar__funnel_segments",
    "northstar__funnel_steps",
    "northstar__growth_accounting",
    "northstar__guardrails",
    "northstar__metric_changes",
    "northstar__north_star_drivers",
    "northstar__repeat_steps",
    "northstar__retention_cohorts",
    "northstar__segment_periods",
    "northstar__time_to_value",
)

# What handwritten.sql computes: the columns of the marts that it has too.
HANDWRITTEN = {
    "entities": (
        "entity_type", "entity_id", "first_seen_at", "anchor_at", "anchor_source",
        "device", "country", "plan",
    ),
    "entity_periods": (
        "metric_name", "period_start", "entity_id", "measure", "is_qualified",
        "contribution", "growth_status", "device", "country", "plan",
    ),
    "event_ledger": ("event_date", "disposition", "row_count"),
    # quotients are doubles there
    "metric_periods": (
        "metric_name", "period_start", "period_end", "period_status",
        "round(value, 6)", "round(numerator, 6)", "round(denominator, 6)",
        "qualified_entities", "events_without_entity", "round(previous_value, 6)",
        "round(same_point_value, 6)", "round(change, 6)",
    ),
}  # fmt: skip

METRICFLOW = {
    "north_star by week": ("north_star", ("metric_time__week",)),
    "north_star by week and country": (
        "north_star",
        ("metric_time__week", "north_star_row__country"),
    ),
    "north_star_entities by week and growth status": (
        "north_star_entities",
        ("metric_time__week", "north_star_row__growth_status"),
    ),
}


@dataclass(frozen=True)
class Setup:
    """Where everything is, and with what it runs."""

    database: str
    """The DuckDB file with raw.events, into which everything is built."""
    project: str
    """The dbt project, with the package installed."""
    threads: int = 2
    memory_limit: str = "4GiB"
    dbt_threads: int = 1

    def connect(self) -> duckdb.DuckDBPyConnection:
        """A connection with the settings that dbt's profile has too."""
        connection = duckdb.connect(self.database)
        connection.execute(f"set threads = {self.threads}")
        connection.execute(f"set memory_limit = '{self.memory_limit}'")
        return connection

    def environment(self) -> dict[str, str]:
        """What project/profiles.yml reads."""
        return {
            "NORTHSTAR_BENCHMARK_DUCKDB": self.database,
            "NORTHSTAR_BENCHMARK_THREADS": str(self.threads),
            "NORTHSTAR_BENCHMARK_MEMORY": self.memory_limit,
            "NORTHSTAR_BENCHMARK_DBT_THREADS": str(self.dbt_threads),
        }


class Stopwatch:
    """Wall and CPU seconds since it was made."""

    def __init__(self) -> None:
        self.wall = time.perf_counter()
        self.cpu = _cpu_seconds()

    def read(self) -> dict[str, float]:
        """Seconds so far, as {"wall": …, "cpu": …}."""
        return {
            "wall": time.perf_counter() - self.wall,
            "cpu": _cpu_seconds() - self.cpu,
        }


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def peak_bytes() -> int:
    """The largest resident memory that this process has had."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def copy(setup: Setup) -> dict[str, Any]:
    """Floor (a): the raw events, copied within the file."""
    with setup.connect() as connection:
        watch = Stopwatch()
        connection.execute("create table copied as select * from raw.events")
        return watch.read()


def handwritten(setup: Setup) -> dict[str, Any]:
    """Floor (b): the hand-written script, with the seconds of each table."""
    steps: dict[str, float] = {}
    script = (HERE / "handwritten.sql").read_text(encoding="utf-8")
    with setup.connect() as connection:
        statements = connection.extract_statements(script)
        whole = Stopwatch()
        for statement in statements:
            watch = Stopwatch()
            connection.execute(statement)
            made = re.search(r"^create \w+ (\S+)", statement.query, re.MULTILINE)
            steps[made.group(1) if made else "?"] = watch.read()["wall"]
        return {**whole.read(), "steps": steps}


def build_with_drivers(setup: Setup) -> dict[str, Any]:
    """As build(), with the drivers of the North Star."""
    return build(setup, with_drivers=True)


def build(setup: Setup, *, with_drivers: bool = False) -> dict[str, Any]:
    """`dbt run`, over the span of its models; the drivers are left out, or not.

    Returns wall and cpu of the span; sql, the seconds of it that statements took;
    models, with the seconds of each, and model_seconds, their sum; hooks, the seconds
    of the hooks before and after the models; whole, the seconds of the process from
    before dbt is imported.

    Raises RuntimeError with what dbt said if the run fails.
    """
    whole = Stopwatch()
    os.environ.update(setup.environment())
    from dbt.cli.main import dbtRunner

    span: dict[str, Stopwatch] = {}
    seconds: dict[str, float] = {}
    statements: list[float] = []
    said: list[str] = []

    def listen(event: Any) -> None:
        name = event.info.name
        if name in ("NodeStart", "NodeFinished"):
            span.setdefault("models", Stopwatch())
            if name == "NodeFinished":
                seconds.update(span["models"].read(), sql=sum(statements))
        elif name == "SQLQueryStatus":
            if span:
                statements.append(event.data.elapsed)
        elif event.info.level in ("warn", "error"):
            said.append(event.info.msg)

    outcome = dbtRunner(callbacks=[listen]).invoke(
        [
            "--no-send-anonymous-usage-stats",
            "--log-level=none",
            "--log-level-file=none",
            "run",
            f"--project-dir={setup.project}",
            f"--profiles-dir={setup.project}",
            f"--vars={{northstar_using_drivers: {str(with_drivers).lower()}}}",
        ]
    )
    if not outcome.success:
        raise RuntimeError("\n".join(["dbt run failed", *said, str(outcome.exception)]))

    results = list(getattr(outcome.result, "results", ()))
    timings: dict[str, dict[str, tuple[datetime, datetime]]] = {
        result.node.unique_id: {
            timing.name: (timing.started_at, timing.completed_at)
            for timing in result.timing
        }
        for result in results
    }
    models = {key: value for key, value in timings.items() if key.startswith("model.")}
    hooks = {key: value for key, value in timings.items() if key not in models}
    instants = [
        instant for phases in models.values() for pair in phases.values()
        for instant in pair
    ]  # fmt: skip
    return {
        "wall": (max(instants) - min(instants)).total_seconds(),
        "cpu": seconds["cpu"],
        "sql": seconds["sql"],
        "model_seconds": sum(map(_seconds, models.values())),
        "models": {
            key.rsplit(".", 1)[-1]: _seconds(phases) for key, phases in models.items()
        },
        "hooks": sum(map(_seconds, hooks.values())),
        "whole": whole.read()["wall"],
    }


def _seconds(phases: Mapping[str, tuple[datetime, datetime]]) -> float:
    """Of a node, compiling and running."""
    return sum(
        (completed - started).total_seconds() for started, completed in phases.values()
    )


def append(setup: Setup) -> dict[str, Any]:
    """Put the one more day into the raw events, as a loader would."""
    with setup.connect() as connection:
        connection.execute("insert into raw.events from raw.more_events")
        connection.execute("checkpoint")
    return {}


def questions() -> dict[str, str]:
    """The queries to time, by what they answer: those of the docs, then queries.sql."""
    found: dict[str, str] = {}
    for page in PAGES:
        text = (HERE.parent / page).read_text(encoding="utf-8")
        for number, block in enumerate(re.findall(r"```sql\n(.*?)```", text, re.S), 1):
            found[f"{page}, query {number}"] = block
    text = (HERE / "queries.sql").read_text(encoding="utf-8")
    for block in text.split("\n\n")[1:]:
        title, _, query = block.partition("\n")
        found[title.removeprefix("-- ")] = query
    return found


def queries(setup: Setup, repeats: int = 9) -> dict[str, Any]:
    """Median milliseconds of each question, and of its first time."""
    milliseconds: dict[str, dict[str, float]] = {}
    with setup.connect() as connection:
        connection.execute("use northstar")
        for title, query in questions().items():
            statements = connection.extract_statements(query)
            milliseconds[title] = _repeated(
                partial(_ask, connection, statements), repeats
            )
    return {"milliseconds": milliseconds}


def metricflow(setup: Setup, repeats: int = 9) -> dict[str, Any]:
    """Median milliseconds of MetricFlow's answers, and of the first ones.

    Reading the project comes once before, and is not in them.
    """
    os.environ.update(setup.environment())
    os.environ["DBT_LOG_LEVEL_FILE"] = "none"
    os.environ["DBT_LOG_LEVEL"] = "none"
    from dbt_metricflow.cli.cli_configuration import CLIConfiguration
    from metricflow.engine.metricflow_engine import MetricFlowQueryRequest

    configuration = CLIConfiguration()
    configuration.setup(
        dbt_profiles_path=Path(setup.project),
        dbt_project_path=Path(setup.project),
        configure_file_logging=False,
    )
    milliseconds: dict[str, dict[str, float]] = {}
    for title, (metric, group_by) in METRICFLOW.items():
        request = MetricFlowQueryRequest.create(
            metric_names=[metric], group_by_names=list(group_by)
        )
        query = partial(configuration.mf.query, request)
        milliseconds[title] = _repeated(query, repeats)
        answer = query().result_df
        if answer is None or answer.row_count == 0:
            raise RuntimeError(f"MetricFlow has no rows for {title}")
    return {"milliseconds": milliseconds}


def _ask(
    connection: duckdb.DuckDBPyConnection, statements: Sequence[duckdb.Statement]
) -> None:
    for statement in statements:
        connection.execute(statement).fetchall()


def _repeated(ask: Callable[[], object], repeats: int) -> dict[str, float]:
    times = []
    for _ in range(repeats):
        watch = Stopwatch()
        ask()
        times.append(1000 * watch.read()["wall"])
    return {"first": times[0], "median": statistics.median(times)}


def sizes(setup: Setup) -> dict[str, Any]:
    """Rows of the raw events, of every mart and of every table that was built."""
    with setup.connect() as connection:
        names = connection.execute(
            "select table_schema, table_name from information_schema.tables "
            "where table_schema || '.' || table_name = 'raw.events' "
            "or (table_schema = 'northstar' and "
            "(table_type = 'BASE TABLE' or table_name in $marts)) order by all",
            {"marts": list(MARTS)},
        ).fetchall()
        return {
            f"{schema}.{table}": connection.execute(
                f'select count(*) from "{schema}"."{table}"'
            ).fetchall()[0][0]
            for schema, table in names
        }


def marts_differ(setup: Setup, other: Path) -> dict[str, Any]:
    """Rows of each mart that are in one of two databases and not in the other."""
    tables = {f"northstar.{name}": ("*",) for name in MARTS + DRIVER_MARTS}
    return _differences(Path(setup.database), tables, other, tables)


def figures_differ(setup: Setup, other: Path) -> dict[str, Any]:
    """Rows in which the marts and the script's tables, in another database, differ."""
    marts = {
        f"northstar.northstar__{name}": columns for name, columns in HANDWRITTEN.items()
    }
    script = {f"handwritten.{name}": columns for name, columns in HANDWRITTEN.items()}
    return _differences(Path(setup.database), marts, other, script)


Tables = Mapping[str, Sequence[str]]


def _differences(
    left: Path, ours: Tables, right: Path, theirs: Tables
) -> dict[str, Any]:
    """Of each of our tables, the rows that it does not share with theirs.

    Both are copied beside the first database, since a view can only be read in the
    file, of the name, in which it was made.
    """
    scratch = left.with_name("compared.duckdb")
    for database, side, tables in ((left, "ours", ours), (right, "theirs", theirs)):
        with duckdb.connect(str(database)) as connection:
            connection.execute(f"attach '{scratch}' as compared")
            connection.execute(f"create schema compared.{side}")
            for number, (name, columns) in enumerate(tables.items()):
                connection.execute(
                    f"create table compared.{side}.t{number} as "
                    f"select {', '.join(columns)} from {name}"
                )
    found: dict[str, Any] = {}
    with duckdb.connect(str(scratch)) as connection:
        for number, name in enumerate(ours):
            only_ours, only_theirs = (
                connection.execute(
                    f"select count(*) from (from {one}.t{number} "
                    f"except all from {other}.t{number})"
                ).fetchall()[0][0]
                for one, other in (("ours", "theirs"), ("theirs", "ours"))
            )
            found[name] = only_ours + only_theirs
    scratch.unlink()
    return found


def main() -> None:
    """Measure what the command line asks, and write it as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("task", choices=sorted(TASKS))
    parser.add_argument("--setup", type=json.loads, required=True, help="JSON")
    parser.add_argument("--result", type=Path, required=True, help="file to write")
    parser.add_argument("--other", type=Path, help="a second database, to compare with")
    options = parser.parse_args()
    setup = Setup(**options.setup)
    task = TASKS[options.task]
    found = task(setup, options.other) if options.other else task(setup)
    found = {"found": found, "peak_bytes": peak_bytes()}
    options.result.write_text(json.dumps(found), encoding="utf-8")


TASKS: dict[str, Callable[..., dict[str, Any]]] = {
    task.__name__: task
    for task in (
        append,
        build,
        build_with_drivers,
        copy,
        figures_differ,
        handwritten,
        marts_differ,
        metricflow,
        queries,
        sizes,
    )
}


def command(task: str, setup: Setup, result: Path, other: Path | None) -> list[str]:
    """The command that runs a task in a process of its own."""
    return [
        sys.executable,
        str(HERE / "measure.py"),
        task,
        f"--setup={json.dumps(asdict(setup))}",
        f"--result={result}",
        *([f"--other={other}"] if other else []),
    ]


if __name__ == "__main__":
    main()
