"""The command line, on marts small enough to know every answer of."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from consumer import REPOSITORY, Consumer
from engines import Engine
from northstar.cli import main
from northstar.errors import NorthstarError

DOCUMENTATION = REPOSITORY / "docs" / "companion.md"

DEFINITIONS = """\
{{ config(materialized='table') }}
select 'weekly_teams' as metric_name, 1 as metric_version, true as is_north_star,
    'Weekly teams' as label, 'Teams that ran a workflow.' as plain_language,
    'teams' as unit
union all
select 'weekly_teams', 2, true, 'Weekly teams', null, null
union all
select 'refunds', 1, false, null, null, null
"""

PERIODS = """\
{{ config(materialized='table') }}
select 'weekly_teams' as metric_name, 2 as metric_version,
    cast('2026-11-09' as date) as period_start,
    cast('2026-11-16' as date) as period_end, 'final' as period_status,
    cast(412 as numeric(38, 9)) as value,
    cast(12 as numeric(38, 9)) as change, cast(0.03 as numeric(38, 9)) as change_rate,
    cast(1 as numeric(38, 9)) as elapsed_share
union all
select 'weekly_teams', 2, cast('2026-11-16' as date), cast('2026-11-23' as date),
    'open', 180, -9, -0.047619048, 0.45
union all
select 'weekly_teams', 1, cast('2026-11-16' as date), cast('2026-11-23' as date),
    'open', 7, 7, 7, 0.45
"""

SHOWN = """\
Weekly teams (weekly_teams, version 2)

from        through     value  change          status
2026-11-09  2026-11-15    412     +12  +3.0 %  final            ████████████████████████
2026-11-16  2026-11-22    180      -9  -4.8 %  open, 45 % gone  ██████████▍

An open period is compared with the same point of the one before.
"""


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
        [str(argument) for argument in arguments],
        env={"DBT_PROJECT_DIR": None, "DBT_PROFILES_DIR": None},
        terminal_width=80,
    )


def assert_refused(result: Result, code: int, *texts: str) -> None:
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    for text in texts:
        assert text in result.stderr


def test_show_prints_the_north_star(project: Consumer) -> None:
    result = run("show", "--project-dir", project.directory)
    assert (result.stderr, result.stdout) == ("", SHOWN)


def test_show_takes_a_target_and_a_folder_of_profiles(project: Consumer) -> None:
    result = run(
        "show",
        *("--project-dir", project.directory),
        *("--profiles-dir", project.directory),
        *("--target", "test"),
        *("--metric", "weekly_teams"),
        *("--periods", "1"),
    )
    assert "2026-11-16" in result.stdout
    assert "2026-11-09" not in result.stdout


def test_show_prints_nothing_else_in_the_shell(
    tmp_path: Path, project: Consumer
) -> None:
    project.database.release()  # DuckDB's file is one process's at a time
    shell = [sys.executable, "-c", "from northstar.cli import main; main()"]
    result = subprocess.run(
        [*shell, "show", "--project-dir", str(project.directory)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY / "python" / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stderr, result.stdout) == (0, "", SHOWN)


def test_a_path_in_the_profile_starts_at_the_project(
    tmp_path: Path, duckdb_engine: Engine, project: Consumer
) -> None:
    consumer = Consumer(tmp_path, duckdb_engine, package=project.package)
    consumer.dbt("run").assert_success()
    output = consumer.database.profile() | {"path": "warehouse.duckdb"}
    profile = {"consumer": {"target": "test", "outputs": {"test": output}}}
    (tmp_path / "profiles.yml").write_text(json.dumps(profile))
    result = run("show", "--project-dir", tmp_path)
    assert (result.stderr, result.stdout) == ("", SHOWN)


def test_show_says_when_a_metric_has_no_periods(project: Consumer) -> None:
    result = run("show", "--project-dir", project.directory, "--metric", "refunds")
    assert result.exit_code == 0
    assert "No periods yet" in result.stdout


def test_an_unknown_metric_is_refused_with_the_nearest(project: Consumer) -> None:
    result = run("show", "--project-dir", project.directory, "--metric", "weekly_team")
    assert_refused(result, 2, "no metric is named weekly_team", "mean weekly_teams?")
    result = run("show", "--project-dir", project.directory, "--metric", "x")
    assert_refused(result, 2, "there are refunds, weekly_teams")


def test_an_unknown_target_is_refused(project: Consumer) -> None:
    result = run("show", "--project-dir", project.directory, "--target", "nowhere")
    assert_refused(result, 1, "nowhere")


def test_a_folder_without_a_project_is_refused(tmp_path: Path) -> None:
    assert_refused(run("show", "--project-dir", tmp_path), 1, "dbt_project.yml")


def test_a_project_that_was_not_built_is_refused(
    tmp_path: Path, duckdb_engine: Engine, project: Consumer
) -> None:
    consumer = Consumer(tmp_path, duckdb_engine, package=project.package)
    assert_refused(run("show", "--project-dir", tmp_path), 3, "manifest.json")

    consumer.dbt("parse").assert_success()
    result = run("show", "--project-dir", tmp_path)
    assert_refused(result, 1, "northstar__metric_definitions", "dbt build")


def test_a_project_without_the_package_is_refused(
    tmp_path: Path, duckdb_engine: Engine
) -> None:
    package = tmp_path / "other"
    package.mkdir()
    (package / "dbt_project.yml").write_text("name: other\nversion: 1.0.0\n")
    consumer = Consumer(
        tmp_path / "project", duckdb_engine, package=package, package_name="other"
    )
    consumer.dbt("parse").assert_success()
    result = run("show", "--project-dir", consumer.directory)
    assert_refused(result, 3, "no model northstar__metric_definitions", "installed")


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_command_is_documented_with_its_options(name: str) -> None:
    documentation = DOCUMENTATION.read_text(encoding="utf-8")
    assert f"\n## northstar {name}\n" in documentation
    context = click.Context(main, info_name="northstar", terminal_width=80)
    command = main.commands[name]
    sub_context = click.Context(command, context, name, terminal_width=80)
    assert command.get_help(sub_context) in documentation


def test_every_exit_code_is_documented() -> None:
    documentation = DOCUMENTATION.read_text(encoding="utf-8")
    for error in NorthstarError.__subclasses__():
        assert f"\n| {error.exit_code} | " in documentation
