"""The command line: `northstar --help`."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

import click

from northstar import __version__
from northstar.check import check_tree
from northstar.errors import DifferentValueError, NorthstarError
from northstar.explain import explain as explain_value
from northstar.explain import explain_entity
from northstar.growth import read_growth
from northstar.manifest import find_manifest, read_manifest
from northstar.named_metrics import (
    named_metrics,
    render_named_metrics,
    write_named_metrics,
)
from northstar.periods import choose_metric, read_metrics, read_periods
from northstar.render import render_periods
from northstar.render_check import find_lines, render_github, render_json, render_text
from northstar.render_explanation import (
    explanation_json,
    render_entity,
    render_explanation,
)
from northstar.render_rows import render_rows, rows_json
from northstar.render_simulation import (
    backtest_json,
    render_backtest,
    render_simulation,
    simulation_json,
)
from northstar.render_tree_diff import render_diff
from northstar.render_tree_html import render_html
from northstar.render_tree_json import render_json as render_tree_json
from northstar.render_tree_json import tree_json
from northstar.render_tree_markdown import render_markdown
from northstar.render_tree_svg import THEMES, render_svg
from northstar.semantic import SemanticQuery, render_query
from northstar.simulate import DRIVERS
from northstar.simulate import backtest as backtest_growth
from northstar.simulate import simulate as simulate_growth
from northstar.tree import Tree, build_tree, choose_node
from northstar.tree_diff import compare_trees, read_other_tree
from northstar.tree_values import TreeValues, read_values
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


_project_dir, _profiles_dir, _target = _PROJECT_OPTIONS
_manifest_option = click.option(
    "--manifest",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The manifest of dbt.  [default: target/manifest.json of the project]",
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


def _is_number(
    context: click.Context, parameter: click.Parameter, value: float
) -> float:
    if not math.isfinite(value):
        raise click.BadParameter(f"{value} is not a number", context, parameter)
    return value


@main.command()
@click.argument("metrics", metavar="METRIC...", nargs=-1, required=True)
@click.option(
    "--group-by",
    multiple=True,
    help="A dimension, such as metric_time__week; may be given several times.",
)
@click.option("--where", multiple=True, help="A filter, in MetricFlow's words.")
@click.option("--order-by", multiple=True, help="A column; -column turns it round.")
@click.option("--limit", type=click.IntRange(min=1), help="How many rows at most.")
@click.option("--sql", "only_sql", is_flag=True, help="Print the SQL and ask nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
@_project_options
def query(
    metrics: tuple[str, ...],
    group_by: tuple[str, ...],
    where: tuple[str, ...],
    order_by: tuple[str, ...],
    limit: int | None,
    only_sql: bool,
    as_json: bool,
    project_dir: Path,
    profiles_dir: Path | None,
    target: str | None,
) -> None:
    """Ask the semantic layer, on any warehouse that the profile reaches.

    MetricFlow writes the SQL and dbt's connection executes it, so it also works where
    `mf` refuses the adapter, as on Spark. MetricFlow has to be installed.

    \b
    Example:
      northstar query north_star --group-by metric_time__week --limit 8
    """
    asked = SemanticQuery(metrics, group_by, where, order_by, limit)
    with open_warehouse(project_dir, profiles_dir, target) as warehouse:
        manifest = warehouse.semantic_manifest_path
        sql = render_query(asked, manifest, warehouse.adapter_name)
        if only_sql:
            click.echo(sql)
            return
        rows = warehouse.query(sql)
    if as_json:
        click.echo(json.dumps(rows_json(rows), indent=2, ensure_ascii=False))
    else:
        click.echo(render_rows(rows), nl=False)


@main.command()
@click.option("--metric", help="The metric to simulate.  [default: the North Star]")
@click.option(
    "--driver",
    "drivers",
    type=click.Choice(DRIVERS),
    multiple=True,
    help="The driver to change; may be given several times.  [default: all, by turns]",
)
@click.option(
    "--change",
    type=click.FloatRange(-100, 100),
    default=1.0,
    show_default=True,
    callback=_is_number,
    help="By how much: points for shares, percent for arrivals and value_per_entity.",
)
@click.option(
    "--periods",
    type=click.IntRange(1, 520),
    default=12,
    show_default=True,
    help="How many periods to look ahead.",
)
@click.option(
    "--over",
    type=click.IntRange(1, 520),
    default=8,
    show_default=True,
    help="Over how many of the last final periods the rates are taken.",
)
@click.option(
    "--backtest",
    is_flag=True,
    help="Show how far such paths were from what happened, and change nothing.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="json is for machines.",
)
@_project_options
def simulate(
    metric: str | None,
    drivers: tuple[str, ...],
    change: float,
    periods: int,
    over: int,
    backtest: bool,
    form: str,
    project_dir: Path,
    profiles_dir: Path | None,
    target: str | None,
) -> None:
    """Show the next periods of the North Star if one driver were another.

    Pools and rates are those of northstar__growth_accounting. It is arithmetic and
    says nothing about causes.

    \b
    Examples:
      northstar simulate
      northstar simulate --driver retention --change 2 --periods 26
      northstar simulate --backtest
    """
    with open_warehouse(project_dir, profiles_dir, target) as warehouse:
        chosen = choose_metric(read_metrics(warehouse), metric)
        growth = read_growth(warehouse, chosen)
    if backtest:
        tested = backtest_growth(growth, periods, over)
        text, found = render_backtest(tested), backtest_json(tested)
    else:
        unique = tuple(dict.fromkeys(drivers))
        simulated = simulate_growth(growth, periods, over, change, unique)
        text, found = render_simulation(simulated), simulation_json(simulated)
    if form == "json":
        text = json.dumps(found, indent=2, ensure_ascii=False) + "\n"
    click.echo(text, nl=False)


@main.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="github prints annotations for its workflows.",
)
@click.option(
    "--today",
    metavar="DATE",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The date against which reviews are due.  [default: today]",
)
@click.option(
    "--fail-on",
    type=click.Choice(["warning", "error"]),
    default="warning",
    show_default=True,
    help="The least severity that makes the exit code 1.",
)
@_project_dir
@_manifest_option
@click.pass_context
def check(
    context: click.Context,
    form: str,
    today: datetime | None,
    fail_on: str,
    project_dir: Path,
    manifest: Path | None,
) -> None:
    """Check the driver tree and who answers for it.

    Reads what `dbt parse` wrote; asks no warehouse. Exits with 1 where it finds
    something, with 2 where it could not look.

    \b
    Example:
      dbt parse && northstar check
    """
    tree = build_tree(read_manifest(manifest or find_manifest(project_dir)))
    checked = check_tree(tree, today.date() if today else date.today())
    file = project_dir / "dbt_project.yml"
    text = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
    lines = find_lines(text, iter(tree.nodes))
    if form == "json":
        click.echo(render_json(checked, lines), nl=False)
    elif form == "github":
        folder = project_dir.as_posix().removeprefix("./").strip("/")
        prefix = f"{folder}/" if folder != "." and not project_dir.is_absolute() else ""
        click.echo(render_github(checked, lines, prefix), nl=False)
    else:
        click.echo(render_text(checked), nl=False)
    if checked.count("error") or (fail_on == "warning" and checked.findings):
        context.exit(1)


@main.command()
@click.option(
    "--out",
    default="models/northstar_metrics.yml",
    show_default=True,
    metavar="FILE",
    help="The file to write, within the project; - prints it.",
)
@click.option(
    "--form",
    type=click.Choice(["legacy", "new"]),
    default="legacy",
    show_default=True,
    help="dbt Core reads the legacy form; dbt 2 the new one, and Core 1.12 too.",
)
@click.option(
    "--check",
    "only_check",
    is_flag=True,
    help="Write nothing; exit with 1 where the file is not up to date.",
)
@_project_dir
@_manifest_option
def semantic(
    out: str,
    form: Literal["legacy", "new"],
    only_check: bool,
    project_dir: Path,
    manifest: Path | None,
) -> None:
    """Write a metric of the semantic layer for each of northstar_metrics.

    Reads what `dbt parse` wrote; asks no warehouse. A metric has the name, the label
    and the sentence of its definition, and the values of northstar__metric_periods. A
    file that this command did not write is never overwritten.

    \b
    Example:
      dbt parse && northstar semantic && dbt parse
      mf query --metrics weekly_active_teams --group-by metric_time__day
    """
    found = read_manifest(manifest or find_manifest(project_dir))
    metrics = named_metrics(found)
    texts = render_named_metrics(metrics, found.package, form)
    if out == "-":
        if len(texts) > 1:
            raise click.UsageError("--out - prints one file, and the new form has two")
        click.echo(texts["yml"], nl=False)
        return
    path = project_dir / out
    changed = write_named_metrics(path, texts, check=only_check)
    for file in changed:
        click.echo(file)
    if not changed:
        click.echo(f"{path} is up to date", err=True)


_TREE_FILES = {
    "html": "driver_tree.html",
    "markdown": "driver_tree.md",
    "svg": "driver_tree.svg",
    "json": "driver_tree.json",
}


@main.command()
@click.option(
    "--format",
    "forms",
    type=click.Choice([*_TREE_FILES]),
    multiple=True,
    help="What to write; may be given several times.  [default: all]",
)
@click.option(
    "--out",
    default=None,
    metavar="FOLDER",
    help="Where to write; - prints the one format that is given.  "
    "[default: target/northstar of the project]",
)
@click.option("--root", metavar="METRIC", help="Only this metric and what drives it.")
@click.option(
    "--depth", type=click.IntRange(min=1), help="Only so many levels, the top one too."
)
@click.option(
    "--values", is_flag=True, help="Show the latest final values, from the warehouse."
)
@click.option(
    "--theme",
    type=click.Choice([*THEMES]),
    default="light",
    show_default=True,
    help="The colours of the SVG; the page follows its reader.",
)
@click.option(
    "--diff",
    "other",
    metavar="FILE_OR_COMMIT",
    help="Print how the tree differs from that of a file, or of a commit of git, "
    "and write nothing.",
)
@_manifest_option
@_project_options
def docs(
    forms: tuple[str, ...],
    out: str | None,
    root: str | None,
    depth: int | None,
    values: bool,
    theme: str,
    other: str | None,
    manifest: Path | None,
    project_dir: Path,
    profiles_dir: Path | None,
    target: str | None,
) -> None:
    """Draw the driver tree: a page, Markdown, a picture, JSON.

    Reads what `dbt parse` wrote; asks the warehouse for nothing but --values.

    \b
    Examples:
      dbt parse && northstar docs
      northstar docs --format json --out docs
      northstar docs --diff main:docs/driver_tree.json
    """
    path = manifest or find_manifest(project_dir)
    tree = build_tree(read_manifest(path))
    folder = Path(out) if out and out != "-" else path.parent / "northstar"
    if other is not None:
        beside = (folder / _TREE_FILES["json"]).absolute()
        before = read_other_tree(other, beside, project_dir.absolute())
        click.echo(render_diff(compare_trees(before, tree_json(tree))), nl=False)
        return
    if root is not None or depth is not None:
        tree = tree.part(choose_node(tree, root), depth)
    shown = None
    if values:
        shown = _read_values(tree, project_dir, profiles_dir, target)
    if out == "-":
        if len(forms) != 1:
            raise click.UsageError(
                "--out - prints one --format, and needs to know which"
            )
        click.echo(_draw(tree, forms[0], shown, theme), nl=False)
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for form in forms or _TREE_FILES:
            file = folder / _TREE_FILES[form]
            text = _draw(tree, form, shown, theme)
            file.write_text(text, encoding="utf-8", newline="\n")
            click.echo(file)
    except OSError as error:
        raise click.UsageError(f"cannot write to {folder}: {error}") from error


def _draw(tree: Tree, form: str, values: TreeValues | None, theme: str) -> str:
    if form == "html":
        return render_html(tree, values)
    if form == "markdown":
        return render_markdown(tree, values)
    if form == "svg":
        return render_svg(tree, values, theme)
    return render_tree_json(tree, values)


def _read_values(
    tree: Tree, project_dir: Path, profiles_dir: Path | None, target: str | None
) -> TreeValues | None:
    """The values, or none where the warehouse does not give them: the tree stands."""
    try:
        with open_warehouse(project_dir, profiles_dir, target) as warehouse:
            return read_values(warehouse, tree.nodes.values())
    except NorthstarError as error:
        click.echo(f"northstar: the tree is drawn without values: {error}", err=True)
        return None
