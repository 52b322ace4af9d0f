"""The command line: `northstar --help`."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from northstar import __version__
from northstar.errors import DifferentValueError, NorthstarError
from northstar.explain import explain as explain_value
from northstar.explain import explain_entity
from northstar.periods import choose_metric, read_metrics, read_periods
from northstar.render import render_periods
from northstar.render_explanation import (
    explanation_json,
    render_entity,
    render_explanation,
)
from northstar.warehouse import open_warehouse


class _Commands(click.Group):
    """Commands whose known errors end in a line on stderr and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except NorthstarError as error:
            click.echo(f"northstar: {error}", err=True)
            ctx.exit(error.exit_code)


_PROJECT_OPTIONS = (
    click.option(
        "--project-dir",
        type=click.Path(path_type=Path, exists=True, file_okay=False),
        envvar="DBT_PROJECT_DIR",
        default=".",
        show_default="this folder",
        help="The folder of dbt_project.yml.",
    ),
    click.option(
        "--profiles-dir",
        type=click.Path(path_type=Path, exists=True, file_okay=False),
        envvar="DBT_PROFILES_DIR",
        help="The folder of profiles.yml.  [default: the project's, else ~/.dbt]",
    ),
    click.option(
        "--target", help="The target in profiles.yml.  [default: the profile's]"
    ),
)


def _project_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options by which every command finds its project."""
    for option in reversed(_PROJECT_OPTIONS):
        command = option(command)
    return command


@click.group(cls=_Commands)
@click.version_option(__version__, prog_name="northstar")
def main() -> None:
    """Your North Star Metric, from the marts that the northstar package built."""


@main.command()
@click.option("--metric", help="The metric to show.  [default: the North Star]")
@click.option(
    "--periods",
    type=click.IntRange(min=1),
    default=8,
    show_default=True,
    help="How many periods to show, up to the latest.",
)
@_project_options
def show(
    metric: str | None,
    periods: int,
    project_dir: Path,
    profiles_dir: Path | None,
    target: str | None,
) -> None:
    """Print the last periods of the North Star.

    \b
    Example:
      northstar show --project-dir examples/demo --periods 4
    """
    with open_warehouse(project_dir, profiles_dir, target) as warehouse:
        chosen = choose_metric(read_metrics(warehouse), metric)
        shown = read_periods(warehouse, chosen, periods)
    click.echo(render_periods(chosen, shown), nl=False)


@main.command()
@click.argument("metric")
@click.argument("period", metavar="PERIOD", type=click.DateTime(["%Y-%m-%d"]))
@click.option("--entity", help="The id of one entity, whose events to list.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
@_project_options
def explain(
    metric: str,
    period: datetime,
    entity: str | None,
    as_json: bool,
    project_dir: Path,
    profiles_dir: Path | None,
    target: str | None,
) -> None:
    """Show how a value of METRIC came about, step by step.

    PERIOD is the first date of the period, or any date in it. With --entity, every
    event of one entity, and why it counted or did not.

    \b
    Examples:
      northstar explain weekly_active_teams 2026-06-22
      northstar explain weekly_active_teams 2026-06-22 --entity team_0042
    """
    with open_warehouse(project_dir, profiles_dir, target) as warehouse:
        chosen = choose_metric(read_metrics(warehouse), metric)
        explanation = explain_value(warehouse, chosen, period.date())
        of_entity = (
            None if entity is None else explain_entity(warehouse, explanation, entity)
        )
    if as_json:
        shown = explanation_json(explanation, of_entity)
        click.echo(json.dumps(shown, indent=2, ensure_ascii=False))
    elif of_entity is not None:
        click.echo(render_entity(explanation, of_entity), nl=False)
    else:
        click.echo(render_explanation(explanation), nl=False)
    if explanation.differences:
        raise DifferentValueError(
            f"the steps of {metric} do not come to what northstar__metric_periods has. "
            "Build the project anew; if that does not mend it, it is a bug of northstar"
        )
