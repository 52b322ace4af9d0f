"""dbt 2 reads the package as dbt 1 does: its messages, its SQL, and a first build.

dbt 2 has a Jinja of its own, which is nearly that of Python. Its environment is made by
`python python/matrix.py`, which also gives it DuckDB; see docs/engines.md for what it
cannot do.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from pathlib import Path
from typing import cast

import pytest
import yaml

from comparison import assert_equal_marts, mart_keys, public_marts
from consumer import REPOSITORY, Consumer
from engines import Engine, Table
from reference.companies import batch
from test_config import MALFORMED, SOUND, Macros, build, macros_package

DBT = REPOSITORY / ".venv-matrix" / "dbt-2-3.11" / "bin" / "dbt-on-duckdb"

# dbt 2 shows these values in another way: NaN, a null byte as it is, one backslash.
SHOWN_OTHERWISE = {
    "grace that is not a number",
    "a null byte",
    "a where with a backslash before a quote",
}
# It has no list of time zones, and stops with its own message where there is none.
STOPPED_BY_ITSELF = {
    "a time zone by its city",
    "a misspelt time zone",
    "a time zone that is an offset",
    "many problems in one page",
}
CHECK_ALL = """
{% macro check_all() %}{{ northstar.check_configs(var('configs')) }}{% endmacro %}
"""

pytestmark = pytest.mark.slow


def dbt_2(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run dbt 2 in the folder of a project."""
    if not DBT.exists():
        pytest.skip(f"no dbt 2 at {DBT} (python python/matrix.py)")
    return subprocess.run(
        [DBT, "--no-version-check", "--no-send-anonymous-usage-stats", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_wrong_configuration_is_explained_as_by_dbt_1(
    tmp_path: Path, duckdb_engine: Engine
) -> None:
    cases = {
        name: build(case)
        for name, case in (MALFORMED | SOUND).items()
        if name not in STOPPED_BY_ITSELF
    }
    package = macros_package(tmp_path / "package", {})
    consumer = Consumer(tmp_path / "project", duckdb_engine, package=package)
    expected = Macros(consumer).problems(list(cases.values()))
    project = consumer.directory / "dbt_project.yml"
    written = yaml.safe_load(project.read_text("utf-8"))
    written["vars"] = {"configs": list(cases.values())}
    text = yaml.dump(
        written, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False
    )
    project.write_text(text, encoding="utf-8")
    (consumer.directory / "macros").mkdir(exist_ok=True)
    (consumer.directory / "macros" / "check_all.sql").write_text(CHECK_ALL)

    done = dbt_2(
        consumer.directory, "run-operation", "check_all", "--log-format", "json"
    )

    assert done.returncode == 0, done.stdout[-3000:]
    said = [
        json.loads(line)["info"]["msg"]
        for line in done.stdout.splitlines()
        if line.startswith("{")
    ]
    found = [
        json.loads(line.removeprefix("RESULT "))
        for line in said
        if line.startswith("RESULT ")
    ]
    differ = {
        name
        for name, ours, theirs in zip(cases, found, expected, strict=True)
        if ours["page"] != theirs["page"]
    }
    assert differ == SHOWN_OTHERWISE


def test_parsing_stops_at_a_wrong_configuration(
    tmp_path: Path, duckdb_engine: Engine
) -> None:
    config, tables, _ = batch(range(2))
    config = config | {"northstar_week_start": 9, "northstar_grace_hours": -1}
    consumer = Consumer(
        tmp_path, duckdb_engine, vars=config, tables=cast("dict[str, Table]", tables)
    )

    done = dbt_2(consumer.directory, "parse")

    assert done.returncode != 0
    page = done.stdout + done.stderr
    assert page.count("2 problems in the vars of northstar.") == 1
    assert "   allowed: a whole number from 1 to 7" in page


def words(folder: Path) -> dict[str, Counter[str]]:
    """How often each word is in each compiled model; instants and hashes left out.

    dbt 2 hands out mappings in the order of their names, so the order of what is
    written by a loop over one is another.
    """
    found = {}
    for path in folder.rglob("northstar/models/**/*.sql"):
        sql = re.sub(
            r"'[0-9a-f]{32}'|'\d{4}-\d\d-\d\d [\d:.]+'", "''", path.read_text()
        )
        found[path.stem] = Counter(re.findall(r"\w+|[^\w\s]", sql))
    return found


def test_it_compiles_to_the_same_words_and_builds_the_same_rows(
    tmp_path: Path, duckdb_engine: Engine
) -> None:
    config, tables, _ = batch(range(4))
    consumer = Consumer(
        tmp_path, duckdb_engine, vars=config, tables=cast("dict[str, Table]", tables)
    )
    consumer.build().assert_success()
    expected, keys = public_marts(consumer), mart_keys(consumer)
    consumer.dbt("compile", "--full-refresh").assert_success()
    theirs = words(tmp_path / "target" / "compiled")

    done = dbt_2(tmp_path, "compile", "--full-refresh", "--target-path=by_dbt_2")

    assert done.returncode == 0, done.stdout[-3000:]
    ours = words(tmp_path / "by_dbt_2" / "compiled")
    differ = {
        name: (ours[name] - theirs[name], theirs[name] - ours[name])
        for name in consumer.model_names()
        if ours[name] != theirs[name]
    }
    assert not differ

    consumer.use_schema("by_dbt_2")
    done = dbt_2(tmp_path, "run", "--target-path=by_dbt_2")

    assert done.returncode == 0, done.stdout[-3000:]
    consumer.dbt("parse").assert_success()
    assert_equal_marts(public_marts(consumer), expected, keys, "dbt 2, against dbt 1")

    # dbt 2 keeps the metrics of modules that are off, and the marts they are asked of
    consumer.set_vars(config | {"northstar_using_drivers": False})
    done = dbt_2(tmp_path, "compile", "--full-refresh", "--target-path=by_dbt_2")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
