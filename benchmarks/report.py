"""What was measured as a page and as a table for the terminal. Measures nothing.

A result is what run.py gathers for one number of events:

- `events`: the number asked for; `more_days`: how long the one more day is;
- `measures`: for each thing that was measured, one record a turn, with `wall` and `cpu`
  seconds and `peak_bytes`; builds have `models` and more, see measure.py;
- `rows`: rows by table;
- `queries`, `metricflow`: `first` and `median` milliseconds by question;
- `figures_differ`, `marts_differ`: rows that differ by table; the second one is absent
  where it was not looked at.
"""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

Result = Mapping[str, Any]

GIB = 1024**3
TEN_MILLION, FIFTY_MILLION = 10_000_000, 50_000_000
TIMED = (
    "copy",
    "handwritten",
    "full build",
    "one more day",
    "nothing new",
    "with drivers",
)
NAMES = {
    "copy": "(a) copy of the raw events",
    "handwritten": "(b) hand-written script",
    "full build": "full build",
    "one more day": "one more day",
    "nothing new": "run again, nothing new",
    "with drivers": "full build with all drivers of the North Star",
}
PACKAGES = ("duckdb", "dbt-core", "dbt-duckdb", "dbt-metricflow")
SLOWEST = 12


@dataclass(frozen=True)
class Settings:
    """How the benchmark was run."""

    threads: int
    dbt_threads: int
    memory_limit: str
    repeats: int
    seed: int


@dataclass(frozen=True)
class Machine:
    """What it ran on; nothing that names the machine."""

    cores: int
    memory_gib: float
    processor: str
    system: str
    versions: Mapping[str, str]


@dataclass(frozen=True)
class Goal:
    """What is wanted of a number; the number is None where it was not measured."""

    text: str
    limit: float
    measured: float | None
    is_least: bool = False

    @property
    def verdict(self) -> str:
        """Met, not met, or not measured."""
        if self.measured is None:
            return "not measured"
        if self.is_least:
            return "met" if self.measured >= self.limit else "not met"
        return "met" if self.measured <= self.limit else "not met"

    @property
    def number(self) -> str:
        """What was measured, in three digits or so."""
        if self.measured is None:
            return "-"
        decimals = 0 if self.measured >= 20 else 2 if self.measured >= 0.1 else 3
        return f"{self.measured:.{decimals}f}"


def machine() -> Machine:
    """This machine."""
    processor = platform.processor()
    info = Path("/proc/cpuinfo")
    if info.exists():
        models = [
            line.partition(":")[2].strip()
            for line in info.read_text(encoding="utf-8").splitlines()
            if line.startswith("model name")
        ]
        processor = models[0] if models else processor
    cores = (
        len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count() or 0
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return Machine(
        cores=cores,
        memory_gib=memory / GIB,
        processor=processor or platform.machine(),
        system=platform.system(),
        versions={"Python": platform.python_version()} | _versions(),
    )


def _versions() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def median(result: Result, name: str, key: str = "wall") -> float:
    """The median over the turns."""
    return float(statistics.median(turn[key] for turn in result["measures"][name]))


def peak(result: Result, name: str) -> float:
    """The largest memory over the turns, in GiB."""
    return float(max(turn["peak_bytes"] for turn in result["measures"][name])) / GIB


def differs(results: Sequence[Result]) -> bool:
    """True if any comparison found a row that should not be there."""
    return any(
        sum(result.get(check, {}).values())
        for result in results
        for check in ("figures_differ", "marts_differ")
    )


def goals(results: Sequence[Result]) -> list[Goal]:
    """The goals, in the order of the page."""
    by_events = {result["events"]: result for result in results}
    found = []
    for events, day in ((TEN_MILLION, 0.05), (FIFTY_MILLION, 0.03)):
        result = by_events.get(events)
        size = _millions(events)
        found += [
            Goal(
                f"{size}: full build at most 0.60 of (a)",
                0.60,
                _part(result, "full build", "copy"),
            ),
            Goal(
                f"{size}: (b) at least 2 times the full build",
                2,
                _part(result, "handwritten", "full build"),
                is_least=True,
            ),
            Goal(
                f"{size}: one more day at most {day:.2f} of (a)",
                day,
                _part(result, "one more day", "copy"),
            ),
            Goal(
                f"{size}: all drivers together at most 1.0 of the full build without",
                1,
                _part(result, "with drivers", "full build", less=1),
            ),
            Goal(
                f"{size}: every question to the marts within 50 ms",
                50,
                _slowest(result, "queries"),
            ),
            Goal(
                f"{size}: every MetricFlow query within 100 ms",
                100,
                _slowest(result, "metricflow"),
            ),
        ]
    ten, fifty = by_events.get(TEN_MILLION), by_events.get(FIFTY_MILLION)
    growth = memory = None
    if ten and fifty:
        growth = median(fifty, "full build") / median(ten, "full build")
    if fifty:
        memory = max(peak(fifty, name) for name in TIMED[2:])
    return [
        *found,
        Goal("50M: full build at most 5.5 times that of 10M", 5.5, growth),
        Goal("50M: memory of every dbt run at most 6 GiB", 6, memory),
    ]


def _part(
    result: Result | None, name: str, whole: str, less: float = 0
) -> float | None:
    return median(result, name) / median(result, whole) - less if result else None


def _slowest(result: Result | None, kind: str) -> float | None:
    return max(times["median"] for times in result[kind].values()) if result else None


def page(results: Sequence[Result], machine: Machine, settings: Settings) -> str:
    """docs/benchmarks.md."""
    versions = ", ".join(f"{name} {v}" for name, v in machine.versions.items())
    largest = results[-1]
    size = _millions(largest["events"])
    parts = [
        "# Benchmarks",
        "<!-- written by benchmarks/run.py: run it anew in place of editing -->",
        "How long the package takes, beside (a) a plain copy of the raw events and\n"
        "(b) a hand-written script for the same figures. [How to run it, and what is\n"
        "measured](../benchmarks/README.md).",
        "## Machine",
        f"{machine.cores} cores of {machine.processor}, {machine.memory_gib:.0f} GiB "
        f"of memory, {machine.system}. {versions}.",
        f"DuckDB with `threads` {settings.threads} and `memory_limit` "
        f"{settings.memory_limit}; dbt with `threads` {settings.dbt_threads}. "
        f"Turns: {settings.repeats}. Seed: {settings.seed}.",
        "## Goals",
        _table(
            ("goal", "measured", ""),
            [
                (goal.text, goal.number, goal.verdict.replace("not met", "**not met**"))
                for goal in goals(results)
            ],
        ),
        "## Times",
        "Seconds, medians of the turns. The part of (a) is of wall time.",
        _table(
            ("events", "what", "wall", "least to most", "CPU", "of (a)", "peak memory"),
            [_time_row(result, name) for result in results for name in TIMED],
        ),
        "A build is the span of its models, what dbt itself does for each included. In "
        "it and around it:",
        _table(
            (
                "events",
                "what",
                "models, added up",
                "of that in DuckDB",
                "hooks",
                "whole process",
            ),
            [
                (
                    _millions(result["events"]),
                    _what(result, name),
                    *(
                        f"{median(result, name, key):.2f}"
                        for key in ("model_seconds", "sql", "hooks", "whole")
                    ),
                )
                for result in results
                for name in TIMED[2:]
            ],
        ),
        "## Same figures",
        _table(
            ("events", "compared", "rows that differ"),
            [row for result in results for row in _difference_rows(result)],
        ),
        f"## Slowest models, {size} events",
        _table(("model", "full build", "one more day"), _model_rows(largest)),
        f"## Rows, {size} events and one more day",
        _table(
            ("table", "rows"),
            [(f"`{name}`", f"{rows:,}") for name, rows in largest["rows"].items()],
        ),
        "## Questions",
        f"Milliseconds over {size} events: the median of nine, and the first one.",
        _table(
            ("question", "median", "first"),
            [
                (title, f"{times['median']:.1f}", f"{times['first']:.1f}")
                for kind, prefix in (("queries", ""), ("metricflow", "MetricFlow: "))
                for title, times in (
                    (prefix + title, times) for title, times in largest[kind].items()
                )
            ],
        ),
    ]
    return "\n\n".join(parts) + "\n"


def summary(results: Sequence[Result]) -> str:
    """The times and the goals for the terminal, and every difference that was found."""
    lines = [
        f"{'events':>8}  {'what':<28}{'wall s':>10}{'cpu s':>10}{'of (a)':>9}{'GiB':>7}"
    ]
    for result in results:
        for name in TIMED:
            events, what, wall, _, cpu, share, memory = _time_row(result, name)
            lines.append(
                f"{events:>8}  {what:<28}{wall:>10}{cpu:>10}{share:>9}"
                f"{memory.removesuffix(' GiB'):>7}"
            )
    lines.append("")
    for goal in goals(results):
        lines.append(f"{goal.verdict:<14}{goal.text}: {goal.number}")
    lines.append("")
    for result in results:
        for events, compared, count in _difference_rows(result):
            lines.append(f"{events:>8}  {compared}: {count}")
    return "\n".join(lines) + "\n"


def _what(result: Result, name: str) -> str:
    if name == "one more day" and result["more_days"] != 1:
        return f"{result['more_days']} more days"
    return NAMES[name]


def _time_row(result: Result, name: str) -> tuple[str, ...]:
    walls = [turn["wall"] for turn in result["measures"][name]]
    share = median(result, name) / median(result, "copy")
    return (
        _millions(result["events"]),
        _what(result, name),
        f"{median(result, name):.2f}",
        f"{min(walls):.2f} to {max(walls):.2f}",
        f"{median(result, name, 'cpu'):.2f}",
        f"{share:.3f}" if share < 0.1 else f"{share:.2f}",
        f"{peak(result, name):.1f} GiB",
    )


def _difference_rows(result: Result) -> list[tuple[str, str, str]]:
    events = _millions(result["events"])
    rows = [
        (events, f"`{table}` and the hand-written script", f"{count:,}")
        for table, count in result["figures_differ"].items()
    ]
    updated = result.get("marts_differ")
    if updated is None:
        return [*rows, (events, "the updated marts and a full build", "not compared")]
    return rows + [
        (events, f"`{table}`, updated and built in full", f"{count:,}")
        for table, count in updated.items()
    ]


def _model_rows(result: Result) -> list[tuple[str, ...]]:
    measures = result["measures"]
    seconds = {
        name: [
            statistics.median(turn["models"].get(name, 0.0) for turn in measures[run])
            for run in ("full build", "one more day")
        ]
        for name in measures["full build"][0]["models"]
    }
    slowest = sorted(seconds, key=lambda name: -max(seconds[name]))[:SLOWEST]
    return [(f"`{name}`", *(f"{s:.2f}" for s in seconds[name])) for name in slowest]


def _millions(events: int) -> str:
    if events >= 1_000_000:
        return f"{events / 1_000_000:g}M"
    return f"{events:,}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
