"""The command line: `northstar --help`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from northstar import __version__
from northstar.errors import NorthstarError
from northstar.periods import choose_metric, read_metrics, read_periods
from northstar.render import render_periods
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
@click.option(
    "--project-dir",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    envvar="DBT_PROJECT_DIR",
    default=".",
    show_default="this folder",
    help="The folder of dbt_project.yml.",
)
@click.option(
    "--profiles-dir",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    envvar="DBT_PROFILES_DIR",
    help="The folder of profiles.yml.  [default: the project's, else ~/.dbt]",
)
@click.option("--target", help="The target in profiles.yml.  [default: the profile's]")
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
