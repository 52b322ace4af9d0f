"""Runs the benchmark and writes docs/benchmarks.md.

    python benchmarks/run.py --events 1e6 --events 1e7

For each number of events: the events are generated (once, and kept), then each thing is
measured in a fresh process on a fresh copy of the file, in turns, several times:

1. the raw events copied, `create table copied as select *`;
2. the hand-written script;
3. `dbt run` of the whole package; then one more day of events is appended and `dbt run`
   measured again; then once more with nothing new;
4. `dbt run` with all drivers of the North Star.

After the first turn the marts are compared with the script's figures, and those with
drivers, after one more day, with a full build of the same events. Any difference ends
the run with exit status 1.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import measure
import report
from measure import Setup

HERE = Path(__file__).resolve().parent
COMPARE_UP_TO = 10_500_000


class Benchmark:
    """One number of events, measured in a folder.

    Every database that is built has the same name, in a folder of its own: views in it
    name it.
    """

    def __init__(self, options: argparse.Namespace, events: int) -> None:
        self.options = options
        self.count = events
        self.work: Path = options.work.resolve()
        self.events = self.work / _events_name(options, events)
        self.building = self.work / "building"
        self.kept = self.work / "kept"
        self.project = self.work / "project"

    def run(self) -> dict[str, Any]:
        """Measure everything; see report.py for what comes back."""
        self._install()
        self._generate()
        measures: dict[str, list[dict[str, Any]]] = {}
        found: dict[str, Any] = {
            "events": self.count,
            "more_days": self.options.more_days,
            "measures": measures,
        }
        for turn in range(self.options.repeats):
            for name in ("copy", "handwritten"):
                self._fresh()
                self._measure(measures, name, name)
                if turn == 0 and name == "handwritten":
                    self._keep("handwritten")
            self._fresh()
            self._measure(measures, "full build", "build")
            if turn == 0:
                found["figures_differ"] = self._compare("figures_differ", "handwritten")
            self._start("append")
            self._measure(measures, "one more day", "build")
            self._measure(measures, "nothing new", "build")
            if turn == 0:
                found["rows"] = self._start("sizes")["found"]
                found["queries"] = self._start("queries")["found"]["milliseconds"]
                found["metricflow"] = self._start("metricflow")["found"]["milliseconds"]
            self._fresh()
            self._measure(measures, "with drivers", "build_with_drivers")
            if turn == 0 and self._compares():
                found["marts_differ"] = self._compare_with_a_full_build()
        for folder in (self.building, self.kept):
            shutil.rmtree(folder, ignore_errors=True)
        return found

    def _compares(self) -> bool:
        wanted: bool | None = self.options.compare
        return self.count <= COMPARE_UP_TO if wanted is None else wanted

    def _compare_with_a_full_build(self) -> dict[str, int]:
        """What one more day made of a build with drivers, and that of all at once."""
        self._start("append")
        self._start("build_with_drivers")
        self._keep("updated")
        self._fresh()
        self._start("append")
        self._start("build_with_drivers")
        return self._compare("marts_differ", "updated")

    def _compare(self, task: str, kept: str) -> dict[str, int]:
        folder = self.kept / kept
        found: dict[str, int] = self._start(task, folder / "benchmark.duckdb")["found"]
        shutil.rmtree(folder)
        return found

    def _measure(
        self, measures: dict[str, list[dict[str, Any]]], name: str, task: str
    ) -> None:
        got = self._start(task)
        got["found"]["peak_bytes"] = got["peak_bytes"]
        measures.setdefault(name, []).append(got["found"])
        _say(f"  {name}: {got['found']['wall']:.2f} s")

    def _start(self, task: str, other: Path | None = None) -> dict[str, Any]:
        """A task in a process of its own, on the database that is being built."""
        setup = Setup(
            database=str(self.building / "benchmark.duckdb"),
            project=str(self.project),
            threads=self.options.threads,
            memory_limit=self.options.memory_limit,
            dbt_threads=self.options.dbt_threads,
        )
        result = self.work / "result.json"
        result.unlink(missing_ok=True)
        ended = subprocess.run(
            measure.command(task, setup, result, other),
            cwd=self.work,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if ended.returncode != 0:
            raise SystemExit(f"{task} failed:\n{ended.stdout}")
        found: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
        result.unlink()
        return found

    def _install(self) -> None:
        """The project, with the package linked in as `dbt deps` would."""
        shutil.rmtree(self.project, ignore_errors=True)
        shutil.copytree(
            HERE / "project",
            self.project,
            ignore=shutil.ignore_patterns("target", "logs", "dbt_packages"),
        )
        installed = self.project / "dbt_packages" / "northstar"
        installed.parent.mkdir()
        installed.symlink_to(self.options.package.resolve(), target_is_directory=True)

    def _generate(self) -> None:
        if self.events.exists():
            return
        _say(f"  generating {self.events.name}")
        partial = self.events.with_name("partial.duckdb")
        subprocess.run(
            [
                sys.executable,
                str(HERE / "generate.py"),
                f"--events={self.count}",
                f"--seed={self.options.seed}",
                f"--more-days={self.options.more_days}",
                f"--threads={self.options.threads}",
                f"--memory-limit={self.options.memory_limit}",
                f"--out={partial}",
            ],
            check=True,
            stderr=subprocess.DEVNULL,
        )
        partial.rename(self.events)

    def _fresh(self) -> None:
        """Put a new copy of the raw events in the place of what was built."""
        shutil.rmtree(self.building, ignore_errors=True)
        self.building.mkdir(parents=True)
        shutil.copyfile(self.events, self.building / "benchmark.duckdb")
        os.sync()  # what is still to be written would slow what is measured

    def _keep(self, name: str) -> None:
        self.kept.mkdir(exist_ok=True)
        shutil.rmtree(self.kept / name, ignore_errors=True)
        self.building.rename(self.kept / name)


def _events_name(options: argparse.Namespace, events: int) -> str:
    """Another generator writes another file."""
    version = hashlib.sha256((HERE / "generate.py").read_bytes()).hexdigest()[:8]
    return f"events-{events}-{options.seed}-{options.more_days}-{version}.duckdb"


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; gives the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--events",
        type=float,
        action="append",
        required=True,
        help="how many, such as 1e7; may be given several times",
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--more-days", type=int, default=1, help="how long the one more day is"
    )
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2, help="of DuckDB")
    parser.add_argument("--dbt-threads", type=int, default=1)
    parser.add_argument("--memory-limit", default="4GiB", help="of DuckDB")
    parser.add_argument(
        "--package", type=Path, default=HERE.parent, help="the package's folder"
    )
    parser.add_argument(
        "--work", type=Path, default=HERE / "work", help="for databases and results"
    )
    parser.add_argument(
        "--out", type=Path, default=HERE.parent / "docs" / "benchmarks.md"
    )
    parser.add_argument(
        "--compare",
        action=argparse.BooleanOptionalAction,
        help="compare what was updated with a full build (up to 10 million events it "
        "is done anyway)",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="keep the results that an earlier run left in the work folder",
    )
    options = parser.parse_args(arguments)
    sizes = sorted({int(events) for events in options.events})
    if sizes[0] < 1000:
        parser.error(f"--events is {sizes[0]}; it takes 1000 or more")
    if options.repeats < 1:
        parser.error(f"--repeats is {options.repeats}; it takes 1 or more")
    options.work.mkdir(parents=True, exist_ok=True)

    results = []
    for events in sizes:
        path = options.work / f"results-{events}.json"
        if not (options.resume and path.exists()):
            _say(f"{events:,} events")
            found = Benchmark(options, events).run()
            path.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
        results.append(json.loads(path.read_text(encoding="utf-8")))

    settings = report.Settings(
        threads=options.threads,
        dbt_threads=options.dbt_threads,
        memory_limit=options.memory_limit,
        repeats=options.repeats,
        seed=options.seed,
    )
    page = report.page(results, report.machine(), settings)
    options.out.write_text(page, encoding="utf-8")
    sys.stdout.write(report.summary(results))
    return 1 if report.differs(results) else 0


if __name__ == "__main__":
    sys.exit(main())
